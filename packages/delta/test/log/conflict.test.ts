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
const readsAll = intent({ reads: () => true, readFiles: set("a", "b"), removedFiles: set("a", "b") });
const readsP1 = intent({
  reads: (file: AddFile) => file.partitionValues.p === "1",
  readFiles: set("a", "b"),
  removedFiles: set("a"),
});
const application = intent({ applications: set("app") });
const protocol: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const metaData = { metaData: { id: "x" } } as Action;
const txn = (appId: string): Action => ({ txn: { appId, version: 1 } });

test.each<[string, Intent, Action[], string | undefined]>([
  ["append against append", blindAppend, [add("n", "1")], undefined],
  ["append against overwrite", blindAppend, [remove("a"), add("n", "1")], undefined],
  ["append against new metadata", blindAppend, [metaData], "metadata_changed"],
  ["append against new protocol", blindAppend, [protocol], "protocol_changed"],
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
