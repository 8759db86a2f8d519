import { expect, test } from "vitest";
import type { Action, AddFile } from "../../src/log/actions.ts";
import { findConflict, type Intent } from "../../src/log/conflict.ts";

const add = (path: string, p: string, dataChange = true): Action => ({
  add: { path, partitionValues: { p }, size: 1, modificationTime: 0, dataChange },
});
const remove = (path: string, dataChange = true): Action => ({ remove: { path, dataChange } });
const set = (...items: string[]): ReadonlySet<string> => new Set(items);
const intent = (parts: Partial<Intent>): Intent => ({
  isolation: "Serializable",
  reads: () => false,
  readFiles: set(),
  removedFiles: set(),
  applications: set(),
  domains: set(),
  protocol: { minReaderVersion: 1, minWriterVersion: 2 },
  changesProtocol: false,
  changesMetadata: false,
  canWrite: ({ minWriterVersion }) => minWriterVersion <= 7,
  ...parts,
});

const blindAppend = intent({});
const changesMetadata = intent({ changesMetadata: true });
const changesProtocol = intent({ changesProtocol: true });
const weak = (parts: Partial<Intent>): Intent =>
  intent({ isolation: "WriteSerializable", reads: () => true, readFiles: set("a"), ...parts });
const rearranges = intent({
  isolation: "SnapshotIsolation",
  reads: () => true,
  readFiles: set("a", "b"),
  removedFiles: set("a", "b"),
});
const blind: Action = { commitInfo: { isBlindAppend: true } };
const notBlind: Action = { commitInfo: { isBlindAppend: false } };
const upgrade = (features: string[]): Action => ({
  protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: features },
});
const readsAll = intent({ reads: () => true, readFiles: set("a", "b"), removedFiles: set("a", "b") });
const readsP1 = intent({
  reads: (file: AddFile) => file.partitionValues.p === "1",
  readFiles: set("a", "b"),
  removedFiles: set("a"),
});
const application = intent({ applications: set("app") });
const protocol: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const metaData = { metaData: { id: "x" } } as Action;
const domain = (name: string): Action => ({
  domainMetadata: { domain: name, configuration: "", removed: false },
});
const txn = (appId: string): Action => ({ txn: { appId, version: 1 } });

test.each<[string, Intent, Action[], string | undefined]>([
  ["append against append", blindAppend, [add("n", "1")], undefined],
  ["append against overwrite", blindAppend, [remove("a"), add("n", "1")], undefined],
  ["append against new metadata", blindAppend, [metaData], "metadata_changed"],
  [
    "append against a protocol with more features",
    blindAppend,
    [upgrade(["appendOnly", "invariants", "x"])],
    undefined,
  ],
  ["append against a protocol without a feature", blindAppend, [upgrade(["appendOnly"])], "protocol_changed"],
  [
    "append against a protocol that cannot be written",
    blindAppend,
    [{ protocol: { minReaderVersion: 3, minWriterVersion: 8 } }],
    "protocol_changed",
  ],
  ["protocol against any protocol", changesProtocol, [protocol], "protocol_changed"],
  ["protocol against metadata", changesProtocol, [metaData], "metadata_changed"],
  ["metadata against metadata", changesMetadata, [metaData], "metadata_changed"],
  ["metadata against append", changesMetadata, [blind, add("n", "1")], undefined],
  ["domain against the same", intent({ domains: set("d") }), [domain("d")], "domain_changed"],
  ["domain against another", intent({ domains: set("d") }), [domain("e")], undefined],
  ["rows against a domain", readsAll, [domain("d")], undefined],
  ["write serializable reader against blind append", weak({}), [blind, add("n", "1")], undefined],
  ["write serializable reader against other rows", weak({}), [notBlind, add("n", "1")], "concurrent_append"],
  ["write serializable reader against rows of unknown kind", weak({}), [add("n", "1")], "concurrent_append"],
  [
    "write serializable change of metadata against blind append",
    weak({ changesMetadata: true }),
    [blind, add("n", "1")],
    "concurrent_append",
  ],
  [
    "write serializable reader against removal of what it read",
    weak({}),
    [notBlind, remove("a")],
    "concurrent_delete_read",
  ],
  ["rearrangement against append", rearranges, [blind, add("n", "1")], undefined],
  ["rearrangement against other rows", rearranges, [notBlind, add("n", "1")], undefined],
  ["rearrangement against removal of its files", rearranges, [remove("a")], "concurrent_delete_delete"],
  ["rearrangement against rearrangement of its files", rearranges, [remove("b", false)], "concurrent_delete_delete"],
  ["rearrangement against rearrangement of others", rearranges, [remove("z", false), add("y", "1", false)], undefined],
  ["append against an empty commit", blindAppend, [{ commitInfo: {} }], undefined],
  ["overwrite of all against append", readsAll, [add("n", "1")], "concurrent_append"],
  [
    "overwrite of all against compaction of its files",
    readsAll,
    [remove("a", false), add("n", "1", false)],
    "concurrent_delete_delete",
  ],
  [
    "overwrite of all against overwrite of all",
    readsAll,
    [remove("a"), remove("b"), add("n", "1")],
    "concurrent_append",
  ],
  ["overwrite of all against delete", readsAll, [remove("b")], "concurrent_delete_delete"],
  ["delete against delete of other files", readsAll, [remove("z")], undefined],
  ["partition against append in it", readsP1, [add("n", "1")], "concurrent_append"],
  ["partition against append elsewhere", readsP1, [add("n", "2")], undefined],
  ["partition against removal of a file it read", readsP1, [remove("b")], "concurrent_delete_read"],
  ["partition against rearrangement of a file it read", readsP1, [remove("b", false), add("n", "1", false)], undefined],
  ["partition against removal of a file it removes", readsP1, [remove("a")], "concurrent_delete_delete"],
  ["partition against removal elsewhere", readsP1, [remove("z")], undefined],
  ["application against itself", application, [txn("app"), add("n", "1")], "concurrent_transaction"],
  ["application against another", application, [txn("other"), add("n", "1")], undefined],
  ["no application against one", blindAppend, [txn("app")], undefined],
  [
    "percent signs do not hide a file",
    intent({ removedFiles: set("p=a b/x") }),
    [remove("p=a%20b/x")],
    "concurrent_delete_delete",
  ],
])("conflict_matrix: %s", (_name, mine, winner, expected) => {
  expect(findConflict(mine, winner)?.kind).toBe(expected);
});
