import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Action, DeletionVector } from "../../src/log/actions.ts";
import { loadState, loadWithTombstones, refreshState, type LoadedState } from "../../src/log/load.ts";
import { add, logKey, metaData, padded, PROTOCOL, putCommits, putLines, putParquet } from "../support/logs.ts";
import { openObjectStore } from "@cinelake/object_store";
import { openLake, type Lake } from "../support/tables.ts";

/** What one commit does to a file, an application, a domain or the properties. */
type Step =
  | { readonly kind: "add" | "remove"; readonly file: number; readonly vector: number }
  | { readonly kind: "txn" | "domain" | "drop_domain" | "property"; readonly name: number };

type Kind = "classic" | "parts" | "v2_json" | "v2_parquet" | "v2_classic";

const PATHS = ["a", "p=b%20c/d", "e%2520f", "/abs/g"];

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("add", "remove"),
      file: fc.nat(PATHS.length - 1),
      vector: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom("txn", "domain", "drop_domain", "property"), name: fc.nat(1) }),
  },
);

const layout = fc.record({
  commits: fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 6 }),
  checkpoints: fc.array(
    fc.record({
      version: fc.nat(6),
      kind: fc.constantFrom<Kind>("classic", "parts", "v2_json", "v2_parquet", "v2_classic"),
      files: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 2 },
  ),
  compactions: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 3 }),
  isCleaned: fc.boolean(),
});

/** The actions of the commits, each saying something of its own. Nothing is said twice of one thing in a commit. */
function commitsOf(steps: readonly (readonly Step[])[]): Action[][] {
  const written = steps.map((own, index) => {
    const version = index + 1;
    const actions = own.map((each): Action => {
      switch (each.kind) {
        case "add":
          return add(PATHS[each.file]!, {
            size: version,
            partitionValues: { p: version % 2 ? "x" : null },
            stats: `{"numRecords":${version}}`,
            tags: { t: "1" },
            ...vectorOf(each.vector),
          });
        case "remove":
          return {
            remove: {
              path: PATHS[each.file]!,
              deletionTimestamp: version,
              dataChange: true,
              ...vectorOf(each.vector),
            },
          };
        case "txn":
          return { txn: { appId: `app ${each.name}`, version } };
        case "property":
          return metaData({ [`k${each.name}`]: String(version) });
        default: {
          const removed = each.kind === "drop_domain";
          return { domainMetadata: { domain: `d${each.name}`, configuration: String(version), removed } };
        }
      }
    });
    return Array.from(new Map(actions.map((action) => [subject(action), action])).values());
  });
  return [[PROTOCOL, metaData()], ...written];
}

function vectorOf(vector: number): { deletionVector?: DeletionVector } {
  if (vector === 0) return {};
  return { deletionVector: { storageType: "u", pathOrInlineDv: "x", offset: vector, sizeInBytes: 3, cardinality: 1 } };
}

/** What an action is about: of two about the same the later one counts. */
function subject(action: Action): string {
  const file = action.add ?? action.remove;
  if (file) return `file ${file.path} ${file.deletionVector?.offset ?? ""}`;
  if (action.txn) return `txn ${action.txn.appId}`;
  if (action.domainMetadata) return `domain ${action.domainMetadata.domain}`;
  return Object.keys(action)[0]!;
}

function reconciled(commits: readonly (readonly Action[])[]): Action[] {
  return Array.from(new Map(commits.flat().map((action) => [subject(action), action])).values());
}

async function putCheckpoint(
  lake: Lake,
  version: number,
  { kind, files }: { kind: Kind; files: number },
  commits: readonly (readonly Action[])[],
): Promise<void> {
  const live = reconciled(commits.slice(0, version + 1)).filter((action) => !action.domainMetadata?.removed);
  const name = `${padded(version)}.checkpoint`;
  if (kind === "classic") return putParquet(lake, `${name}.parquet`, live);
  if (kind === "parts") {
    const parts = files + 1;
    for (let part = 0; part < parts; part++) {
      const own = live.filter((_, index) => index % parts === part);
      const number = (n: number): string => String(n).padStart(10, "0");
      await putParquet(lake, `${name}.${number(part + 1)}.${number(parts)}.parquet`, own);
    }
    return;
  }
  const isFile = (action: Action): boolean => Boolean(action.add ?? action.remove);
  const head: Action[] = [
    { checkpointMetadata: { version } },
    ...live.filter((action) => files === 0 || !isFile(action)),
  ];
  for (let file = 0; file < files; file++) {
    const own = live.filter(isFile).filter((_, index) => index % files === file);
    const sidecar = `${version} ${kind} ${file}.parquet`;
    await putParquet(lake, `_sidecars/${sidecar}`, own, ["add", "remove"]);
    const path =
      file % 2 ? `file:///elsewhere/_delta_log/_sidecars/${encodeURIComponent(sidecar)}` : encodeURIComponent(sidecar);
    head.push({ sidecar: { path, sizeInBytes: 1, modificationTime: 1 } });
  }
  const uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
  if (kind === "v2_json") await putLines(lake, `${name}.${uuid}.json`, head);
  else await putParquet(lake, kind === "v2_classic" ? `${name}.parquet` : `${name}.${uuid}.parquet`, head);
}

/** Whatever a state was read from: what it holds, in order. Checkpoints leave out statistics of removes only. */
function described({ state, tombstones }: LoadedState): unknown {
  const sorted = (map: ReadonlyMap<string, unknown>): unknown[] =>
    Array.from(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    version: state.version,
    protocol: state.protocol,
    metadata: state.metadata,
    files: sorted(state.files),
    transactions: sorted(state.transactions),
    domains: sorted(state.domains),
    tombstones: sorted(tombstones),
  };
}

/** The same engine over an empty store. */
async function withStore({ engine, context }: Lake): Promise<Lake> {
  const store = await openObjectStore("memory:");
  return { store, engine, context: { ...context, store }, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

test(
  "state_does_not_depend_on_what_covers_it: commits, compactions, checkpoints of all kinds",
  { timeout: 60_000 },
  async () => {
    await using shared = await openLake();
    await fc.assert(
      fc.asyncProperty(layout, async ({ commits: steps, checkpoints, compactions, isCleaned }) => {
        const commits = commitsOf(steps);
        const last = commits.length - 1;
        await using plain = await withStore(shared);
        await putCommits(plain, commits);
        await using lake = await withStore(shared);
        await putCommits(lake, commits);
        for (const { version, ...how } of checkpoints) await putCheckpoint(lake, Math.min(version, last), how, commits);
        for (const [a, b] of compactions) {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          if (from === to || to > last) continue;
          await putLines(lake, `${padded(from)}.${padded(to)}.compacted.json`, reconciled(commits.slice(from, to + 1)));
        }
        const first = isCleaned ? Math.min(last, ...checkpoints.map(({ version }) => version)) : 0;
        if (checkpoints.length > 0) {
          for (let version = 0; version < first; version++) await lake.store.delete(logKey(`${padded(version)}.json`));
        }
        const oldest = checkpoints.length > 0 ? first : 0;
        for (let version = oldest; version <= last; version++) {
          const expected = described((await loadWithTombstones(plain.context, version))!);
          expect(described((await loadWithTombstones(lake.context, version))!)).toEqual(expected);
        }
        const start = (await loadState(lake.context, oldest))!;
        const [refreshed, latest] = [await refreshState(lake.context, start), await loadState(plain.context)];
        const withoutTime = { ...refreshed, timestamp: 0 };
        expect(withoutTime).toEqual({ ...latest, timestamp: 0 });
      }),
      { numRuns: 20 },
    );
  },
);
