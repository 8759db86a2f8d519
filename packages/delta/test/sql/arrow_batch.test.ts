import duckdb from "@duckdb/node-bindings";
import {
  BIGINT,
  BOOLEAN,
  DECIMAL,
  DuckDBDataChunk,
  DuckDBDecimalValue,
  INTEGER,
  LIST,
  listValue,
  mapValue,
  MAP,
  SMALLINT,
  STRUCT,
  structValue,
  VARCHAR,
  type DuckDBValue,
} from "@duckdb/node-api";
import * as arrow from "apache-arrow";
import { expect, test } from "vitest";
import { recordBatch } from "../../src/sql/arrow_batch.ts";
import { arrowSchema } from "../../src/sql/arrow_schema.ts";
import { arrowRows } from "../support/arrow_rows.ts";

const element = STRUCT({
  text: VARCHAR,
  flag: BOOLEAN,
  small: DECIMAL(4, 1),
  wide: DECIMAL(30, 2),
  n: BIGINT,
  list: LIST(INTEGER),
  map: MAP(VARCHAR, SMALLINT),
});

const item = (n: number): DuckDBValue =>
  n % 5 === 0
    ? null
    : structValue({
        text: n % 3 === 0 ? null : `${"long text ".repeat(n % 4)}${n}`,
        flag: n % 2 === 0,
        small: new DuckDBDecimalValue(BigInt(-n), 4, 1),
        wide: new DuckDBDecimalValue(-(10n ** 25n) * BigInt(n), 30, 2),
        n: n % 4 === 0 ? null : BigInt(n) * 10n ** 15n,
        list: listValue(Array.from({ length: n % 3 }, (_, i) => (i === 1 ? null : n))),
        map: mapValue([{ key: `k${n}`, value: n }]),
      });

/** DuckDB may point lists at their elements in any order, and at the same ones twice; its results of today do not. */
test("lists_need_not_be_in_the_order_of_their_elements", () => {
  const type = LIST(element);
  const values = [0, 1, 2, 3, 4].map((row) => listValue(Array.from({ length: row }, (_, i) => item(row * 10 + i))));
  const convert = (entries: bigint[]): unknown[] => {
    const chunk = DuckDBDataChunk.create([type], values.length);
    chunk.setColumns([values]);
    const bytes = BigUint64Array.from(entries);
    const vector = duckdb.data_chunk_get_vector(chunk.chunk, 0);
    duckdb.copy_data_to_vector(vector, 0, bytes.buffer, 0, bytes.byteLength);
    const schema = arrowSchema(arrow, ["list"], [type]);
    return arrowRows(recordBatch(arrow, schema, chunk)).map((row) => row.list);
  };
  const inOrder = convert([0n, 0n, 0n, 1n, 1n, 2n, 3n, 3n, 6n, 4n]);
  expect(inOrder.map((list) => (list as unknown[]).length)).toEqual([0, 1, 2, 3, 4]);
  const moved = convert([6n, 4n, 3n, 3n, 1n, 2n, 0n, 1n, 6n, 4n]);
  expect(moved).toEqual([inOrder[4], inOrder[3], inOrder[2], inOrder[1], inOrder[4]]);
});
