import { createTable, findError, type DeltaTable } from "@cinelake/delta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  chdbRows,
  openSharedLake,
  portableRows,
  withoutNestedNulls,
  type SharedLake,
} from "../support/other_engines.ts";
import { sortedRows, summarize, type PortableRow, type Summary } from "../support/portable.ts";
import type { Case } from "./cases/case.ts";
import { operationCases } from "./cases/operations.ts";
import { typeCases } from "./cases/types.ts";

/** How each engine sees a version of a table, and what it should see: counts and checksums of every column. */
const engines: Readonly<Record<string, (table: DeltaTable, folder: string) => Promise<void>>> = {
  async chdb(table, folder) {
    const { schema } = await table.snapshot();
    const rows = (await portableRows(table)).map((row) =>
      Object.fromEntries(schema.fields.map(({ name, type }) => [name, withoutNestedNulls(row[name]!, type)])),
    );
    expect(sortedRows(await chdbRows(shared.chdb, folder, schema))).toEqual(sortedRows(rows));
  },
  async "delta-rs"(table, folder) {
    const read = await shared.deltaRs.call<PortableRow[]>("read", folder);
    expect(sortedRows(read)).toEqual(sortedRows(await portableRows(table)));
    const latest = await table.snapshot();
    expect(await shared.deltaRs.call("describe", folder)).toMatchObject({
      version: latest.version,
      schema: latest.schema,
      configuration: latest.configuration,
    });
    const entries = await table.history();
    expect(await shared.deltaRs.call("history", folder)).toMatchObject(entries.map(({ version }) => ({ version })));
    for (const { version } of entries) {
      if (version < latest.version && (await filesAreGone(table, version))) continue;
      const seen = await shared.deltaRs.call<Summary & { counted: number }>("summary", folder, { version });
      const { schema } = await table.snapshot({ version });
      const ours = summarize(await portableRows(table, version), schema);
      expect({ version, ...seen }).toEqual({ version, ...ours, counted: ours.rows });
    }
  },
};

let shared: SharedLake;
beforeAll(async () => void (shared = await openSharedLake()));
afterAll(() => shared[Symbol.asyncDispose]());

describe.each([...typeCases, ...operationCases])("a table written here: $name", (each) => {
  let table: Promise<DeltaTable>;
  beforeAll(() => void (table = make(each)));
  test.each(Object.keys(engines).filter((name) => !each.without?.[name]))("reads the same in %s", async (engine) => {
    await engines[engine]!(await table, shared.folder(each.name));
  });
});

function make(each: Case): Promise<DeltaTable> {
  return each.make((options) => createTable({ ...shared.lake.context, path: each.name }, options));
}

/** Whether vacuum has taken files that the version names. */
function filesAreGone(table: DeltaTable, version: number): Promise<boolean> {
  return portableRows(table, version).then(
    () => false,
    (error: unknown) => {
      if (findError(error, "object_not_found")) return true;
      throw error;
    },
  );
}
