import { expect, test } from "vitest";
import { openTable } from "@cinelake/delta";
import { loadState } from "../../src/log/load.ts";
import { layoutOf } from "../../src/query/layout.ts";
import { mayMatch } from "../../src/query/prune.ts";
import { openLake, struct } from "../support/tables.ts";
import { metaData, padded, putQuery } from "../support/logs.ts";

const schema = struct({
  l: "long",
  d: "date",
  t: "timestamp",
  n: "timestamp_ntz",
  c: "decimal(38,10)",
  f: "double",
  s: "string",
  b: "boolean",
  o: struct({ "a b": "integer", z: "string" }),
  a: { type: "array", elementType: "long", containsNull: true },
  p: "string",
});

const PLAIN = `
  SELECT {minReaderVersion: 1, minWriterVersion: 2} AS protocol, NULL AS "metaData", NULL AS add
  UNION ALL SELECT NULL, {id: 'm', format: {provider: 'parquet', options: MAP {}::MAP(VARCHAR, VARCHAR)}, "schemaString": '${JSON.stringify(schema)}', "partitionColumns": ['p'], configuration: MAP {}::MAP(VARCHAR, VARCHAR)}, NULL`;

const FILE = `path: 'x', "partitionValues": MAP {'p': 'v'}, size: 1::BIGINT, "modificationTime": 1::BIGINT, "dataChange": false`;

function values(f: string): string {
  return `{l: 9007199254740993, d: DATE '2021-02-03', t: TIMESTAMPTZ '1969-12-31 23:59:59.999999+00', n: TIMESTAMP '2021-02-03 04:05:06.789', c: 1234567890123456789012345678.0123456789::DECIMAL(38,10), f: ${f}, s: 'a"é', o: {"a b": 7::INTEGER, z: NULL::VARCHAR}, b: NULL::BOOLEAN}`;
}

async function statsOf(added: string): Promise<string | undefined> {
  await using lake = await openLake();
  await putQuery(lake, `${padded(3)}.checkpoint.parquet`, `${PLAIN} UNION ALL SELECT NULL, NULL, ${added}`);
  const state = await loadState(lake.context);
  return state!.files.get("x")!.stats;
}

const PARSED = `stats_parsed: {"numRecords": 5::BIGINT, "minValues": ${values("'-infinity'::DOUBLE")}, "maxValues": ${values("'nan'::DOUBLE")}, "nullCount": {l: 0::BIGINT, a: 2::BIGINT, o: {"a b": 1::BIGINT}}}`;

test("statistics_in_columns_become_text: every type, none of it lost, nothing that is null", async () => {
  const bounds = (f: string): string =>
    `{"l":9007199254740993,"d":"2021-02-03","t":"1969-12-31T23:59:59.999999Z","n":"2021-02-03T04:05:06.789000","c":1234567890123456789012345678.0123456789,"f":"${f}","s":"a\\"é","o":{"a b":7}}`;
  expect(await statsOf(`{${FILE}, stats: NULL::VARCHAR, ${PARSED}}`)).toBe(
    `{"numRecords":5,"minValues":${bounds("-Infinity")},"maxValues":${bounds("NaN")},"nullCount":{"l":0,"o":{"a b":1},"a":2}}`,
  );
});

test.each([
  ["the text stays where there is one", `{${FILE}, stats: '{"numRecords":1}', ${PARSED}}`, '{"numRecords":1}'],
  ["a file without statistics", `{${FILE}, stats_parsed: NULL::STRUCT("numRecords" BIGINT)}`, undefined],
  ["only some columns have any", `{${FILE}, stats_parsed: {"minValues": {s: 'x'}}}`, '{"minValues":{"s":"x"}}'],
  ["neither kind", `{${FILE}}`, undefined],
])("statistics: %s", async (_name, added, expected) => {
  expect(await statsOf(added)).toBe(expected);
});

test("statistics_in_columns_prune", async () => {
  await using lake = await openLake();
  await putQuery(
    lake,
    `${padded(3)}.checkpoint.parquet`,
    `${PLAIN} UNION ALL SELECT NULL, NULL, {${FILE}, stats_parsed: {"numRecords": 5::BIGINT, "minValues": {l: 10::BIGINT}, "maxValues": {l: 20::BIGINT}}}`,
  );
  const snapshot = await (await openTable(lake.context)).snapshot();
  const state = (await loadState(lake.context))!;
  const file = state.files.get("x")!;
  const matches = (value: number): boolean => mayMatch([{ column: "l", op: "=", value }], file, layoutOf(state));
  expect([9, 10, 20, 21].map(matches)).toEqual([false, true, true, false]);
  expect(snapshot.rowCount).toBe(5);
});

test("physical_names_are_the_statistics_names", async () => {
  await using lake = await openLake();
  const mapped = {
    type: "struct",
    fields: [
      {
        name: "id",
        type: "long",
        nullable: true,
        metadata: { "delta.columnMapping.id": 1, "delta.columnMapping.physicalName": "col-1" },
      },
    ],
  };
  const description = metaData({ "delta.columnMapping.mode": "name" }, JSON.stringify(mapped)).metaData!;
  await putQuery(
    lake,
    `${padded(0)}.checkpoint.parquet`,
    `SELECT {minReaderVersion: 2, minWriterVersion: 5} AS protocol, NULL AS "metaData", NULL AS add
     UNION ALL SELECT NULL, {id: 'm', "schemaString": '${description.schemaString}', configuration: MAP {'delta.columnMapping.mode': 'name'}}, NULL
     UNION ALL SELECT NULL, NULL, {${FILE}, stats_parsed: {"minValues": {"col-1": 4::BIGINT}}}`,
  );
  const state = await loadState(lake.context);
  expect(state!.files.get("x")!.stats).toBe('{"minValues":{"col-1":4}}');
});
