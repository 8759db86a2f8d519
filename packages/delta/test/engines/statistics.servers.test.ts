import { createTable, type DeltaTable } from "@cinelake/delta";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  chdbName,
  chdbTable,
  chdbText,
  openSharedLake,
  portableRows,
  type SharedLake,
} from "../support/other_engines.ts";
import type { Portable, PortableRow } from "../support/portable.ts";
import { primitiveRows, primitiveSchema } from "./cases/data.ts";

/** [with files pruned by their statistics, without]: rows that satisfy a comparison. */
type Count = readonly [number, number];
interface Matches {
  readonly arrow: Count;
  readonly datafusion: Count;
  readonly files: number;
}
interface Comparison {
  readonly column: string;
  readonly operator: string;
  readonly value: Portable;
}

/**
 * pyarrow's data set takes a bound that is missing for one that nothing satisfies (delta-rs issue 3173), so there it is asked only of columns
 * that have both bounds in every file. NaN and what nothing bounds have none.
 */
const boundless = new Set(["f", "d", "text"]);
const operators = ["=", "<", "<=", ">", ">="];
const columns = ["i", "l", "f", "d", "bool", "text", "day", "at", "middle", "wide"];

let shared: SharedLake;
let table: DeltaTable;
let rows: PortableRow[];

/** A file for each row, so that every value is a bound, and one with all of them. */
beforeAll(async () => {
  shared = await openSharedLake();
  table = await createTable({ ...shared.lake.context, path: "limits" }, { schema: primitiveSchema });
  for (const row of primitiveRows) await table.append({ rows: [row] });
  await table.append({ rows: primitiveRows });
  rows = await portableRows(table);
});
afterAll(() => shared[Symbol.asyncDispose]());

test.each(columns)("pruning by the statistics of %s loses no row in other engines", async (column) => {
  const values = [...new Set(rows.map((row) => row[column] ?? null))].filter((value) => value !== null);
  const comparisons = values.flatMap((value) => operators.map((operator) => ({ column, operator, value })));
  const seen = await shared.deltaRs.call<Matches[]>("matches", shared.folder("limits"), { comparisons });
  for (const [index, comparison] of comparisons.entries()) {
    const { arrow, datafusion } = seen[index]!;
    const chdb = await countInChdb(comparison);
    const pruned = { datafusion: datafusion[0], chdb: chdb[0], ...(boundless.has(column) ? {} : { arrow: arrow[0] }) };
    const full = { datafusion: datafusion[1], chdb: chdb[1], ...(boundless.has(column) ? {} : { arrow: arrow[1] }) };
    expect({ ...comparison, ...pruned }).toEqual({ ...comparison, ...full });
    if (comparison.operator === "=" && comparison.value !== "NaN" && comparison.value !== "-0e+0") {
      const equal = rows.filter((row) => row[column] === comparison.value).length;
      expect({ ...comparison, ...full }).toEqual({
        ...comparison,
        ...Object.fromEntries(Object.keys(full).map((engine) => [engine, equal])),
      });
    }
  }
});

test("the statistics are there: other engines leave files out by them", async () => {
  const comparisons = [
    { column: "id", operator: "=", value: "3" },
    { column: "l", operator: ">", value: "9223372036854775806" },
    { column: "text", operator: "<", value: "\u0001" },
    { column: "day", operator: "<", value: "1900-01-02" },
    { column: "at", operator: ">", value: "2261-12-31T23:59:59.000000Z" },
    { column: "wide", operator: ">", value: "1.0000000000" },
  ];
  const seen = await shared.deltaRs.call<Matches[]>("matches", shared.folder("limits"), { comparisons });
  for (const [index, { files }] of seen.entries()) {
    expect([comparisons[index]!.column, files]).toEqual([comparisons[index]!.column, 2]);
  }
});

async function countInChdb({ column, operator, value }: Comparison): Promise<Count> {
  const { type } = primitiveSchema.fields.find(({ name }) => name === column)!;
  const condition = `${chdbName(column)} ${operator} ${chdbLiteral(String(value), type as string)}`;
  const from = `FROM ${chdbTable(shared.folder("limits"))}`;
  const [pruned] = await shared.chdb.rows(`SELECT count() AS n ${from} WHERE ${condition}`);
  const [full] = await shared.chdb.rows(`SELECT countIf(${condition}) AS n ${from}`);
  return [Number(pruned!.n), Number(full!.n)];
}

function chdbLiteral(text: string, type: string): string {
  if (type.startsWith("decimal")) return `toDecimal128(${chdbText(text)}, ${/,(\d+)/.exec(type)![1]})`;
  switch (type) {
    case "timestamp":
      return `toDateTime64(${chdbText(text.replace("T", " ").replace("Z", ""))}, 6)`;
    case "date":
      return `toDate32(${chdbText(text)})`;
    case "float":
      return `toFloat32(${chdbText(text)})`;
    case "double":
      return `toFloat64(${chdbText(text)})`;
    case "boolean":
      return text;
    case "string":
      return chdbText(text);
    default:
      return `toInt64(${chdbText(text)})`;
  }
}
