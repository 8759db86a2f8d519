import { expect, test } from "vitest";
import type { Action } from "../../src/log/actions.ts";
import { checkpointActions, writeCheckpoint } from "../../src/log/checkpoint_write.ts";
import { loadWithTombstones } from "../../src/log/load.ts";
import { add, logKey, metaData, padded, PROTOCOL, putCommits } from "../support/logs.ts";
import { openLake, type Lake } from "../support/tables.ts";

const DAY = 86_400_000;

/** What is known of a log when nothing is left of it but a checkpoint that was written of it. */
async function throughCheckpoint(lake: Lake, now: number): ReturnType<typeof loadWithTombstones> {
  const loaded = (await loadWithTombstones(lake.context))!;
  await writeCheckpoint(lake.context, loaded, now);
  for (let version = 0; version <= loaded.state.version; version++) {
    await lake.store.delete(logKey(`${padded(version)}.json`));
  }
  return loadWithTombstones(lake.context);
}

const vector = {
  storageType: "u",
  pathOrInlineDv: "ab^-aqEH.-t@S}K{vb[*k^",
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
};

test("no_field_is_lost_in_a_checkpoint", async () => {
  await using lake = await openLake();
  const added = add("p=a%20b/x", {
    partitionValues: { p: null, q: 'é"\\', r: "" },
    stats: '{"numRecords":3,"minValues":{"s":"\\u001f\\"é"}}',
    tags: { INSERTION_TIME: "1", empty: "" },
    deletionVector: { ...vector, maxRowIndex: 9 },
    baseRowId: 0,
    defaultRowCommitVersion: 7,
    clusteringProvider: "liquid",
  });
  const removed: Action = {
    remove: {
      path: "y",
      deletionTimestamp: 5 * DAY,
      dataChange: true,
      extendedFileMetadata: true,
      partitionValues: { p: null },
      size: 0,
      deletionVector: vector,
      baseRowId: 5,
      defaultRowCommitVersion: 6,
    },
  };
  const others: Action[] = [
    { txn: { appId: "a", version: 3 } },
    { txn: { appId: "b", version: 4, lastUpdated: 1 } },
    { domainMetadata: { domain: "d", configuration: "{}", removed: false } },
  ];
  const described = metaData({ "delta.k": "v" }).metaData!;
  const named = { metaData: { ...described, name: "n", description: "d\n", createdTime: 3, partitionColumns: ["p"] } };
  await putCommits(lake, [[PROTOCOL, named, added, removed, ...others, add("plain")]]);
  const before = (await loadWithTombstones(lake.context))!;
  const after = (await throughCheckpoint(lake, 6 * DAY))!;
  const unchanged = { dataChange: false };
  expect(Array.from(after.state.files.values())).toEqual(
    Array.from(before.state.files.values(), (file) => ({ ...file, ...unchanged })),
  );
  expect(Array.from(after.tombstones)).toEqual(
    Array.from(before.tombstones, ([key, file]) => [key, { ...file, ...unchanged }]),
  );
  const { protocol, metadata, transactions, domains, schema } = before.state;
  expect(after.state).toMatchObject({ protocol, metadata, transactions, domains, schema });
});

test.each([1e3, 2 ** 24])("a_schema_of_any_length_is_kept: %d characters", async (length) => {
  await using lake = await openLake();
  const comment = "é".repeat(length);
  const schema = { type: "struct", fields: [{ name: "id", type: "long", nullable: true, metadata: { comment } }] };
  await putCommits(lake, [[PROTOCOL, metaData({}, JSON.stringify(schema))]]);
  expect((await throughCheckpoint(lake, 0))!.state.schema).toEqual(schema);
});

test.each([
  ["lists that are missing", { minReaderVersion: 3, minWriterVersion: 7 }, { readerFeatures: [], writerFeatures: [] }],
  [
    "writer features alone",
    { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["appendOnly"] },
    { readerFeatures: undefined, writerFeatures: ["appendOnly"] },
  ],
  [
    "lists that must not be there",
    { minReaderVersion: 1, minWriterVersion: 2, readerFeatures: [], writerFeatures: [] },
    { readerFeatures: undefined, writerFeatures: undefined },
  ],
])("features_are_listed_where_the_versions_have_them: %s", async (_name, protocol, expected) => {
  await using lake = await openLake();
  await putCommits(lake, [[{ protocol }, metaData()]]);
  const { readerFeatures, writerFeatures } = (await throughCheckpoint(lake, 0))!.state.protocol;
  expect({ readerFeatures, writerFeatures }).toEqual(expected);
});

test("what_has_expired_is_left_out: tombstones by their retention, transactions only with one", async () => {
  await using lake = await openLake();
  const tombstone = (path: string, day: number): Action => ({
    remove: { path, deletionTimestamp: day * DAY, dataChange: true },
  });
  const actions = [
    tombstone("old", 2),
    tombstone("new", 4),
    { txn: { appId: "old", version: 1, lastUpdated: 6 * DAY } },
    { txn: { appId: "new", version: 1, lastUpdated: 9 * DAY } },
    { txn: { appId: "ageless", version: 1 } },
  ];
  const kept = async (configuration: Record<string, string>): Promise<(string | undefined)[]> => {
    await putCommits(lake, [[PROTOCOL, metaData(configuration), ...actions]]);
    const written = Array.from(checkpointActions((await loadWithTombstones(lake.context))!, 10 * DAY));
    return written.flatMap(({ txn, remove }) => txn?.appId ?? remove?.path ?? []);
  };
  expect(await kept({})).toEqual(["old", "new", "ageless", "new"]);
  const short = {
    "delta.setTransactionRetentionDuration": "interval 2 days",
    "delta.deletedFileRetentionDuration": "interval 30 days",
  };
  expect(await kept(short)).toEqual(["new", "ageless", "old", "new"]);
});
