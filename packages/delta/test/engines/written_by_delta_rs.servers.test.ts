import { findError, openTable, type DeltaTable } from "@cinelake/delta";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSharedLake, portableRows, type SharedLake } from "../support/other_engines.ts";
import { portableChanges, sortedRows, type PortableRow } from "../support/portable.ts";
import { deltaRsCases, writer } from "./cases/delta_rs.ts";

interface Entry {
  readonly version: number;
  readonly operation: string;
}

let shared: SharedLake;
beforeAll(async () => void (shared = await openSharedLake()));
afterAll(() => shared[Symbol.asyncDispose]());

describe.each(deltaRsCases)("a table that delta-rs wrote: $name", ({ name, write, changes }) => {
  let table: DeltaTable;
  let history: Entry[];
  beforeAll(async () => {
    await write(writer(shared.deltaRs, shared.folder(name)));
    history = await shared.deltaRs.call<Entry[]>("history", shared.folder(name));
    table = await openTable({ ...shared.lake.context, path: name });
  });

  test("every version has the same rows here, or is gone in both", async () => {
    let read = 0;
    for (const { version } of history) {
      const theirs = await orError(shared.deltaRs.call<PortableRow[]>("read", shared.folder(name), { version }));
      const ours = await orError(portableRows(table, version));
      if (Array.isArray(theirs)) read++;
      expect({ version, rows: rowsOrGone(ours) }).toEqual({ version, rows: rowsOrGone(theirs) });
    }
    expect(read).toBeGreaterThan(0);
  });

  test("the history has the same versions and operations", async () => {
    const entries = (await table.history()).map(({ version, operation }) => ({ version, operation }));
    expect(entries).toEqual(history);
  });

  if (!changes) return;
  test("the change data feed has the same changes", async () => {
    const theirs = await shared.deltaRs.call<PortableRow[]>("changes", shared.folder(name));
    expect(sortedRows(await portableChanges(table))).toEqual(sortedRows(theirs));
  });
});

function orError<T>(work: Promise<T>): Promise<T | Error> {
  return work.catch((error: Error) => error);
}

/** The rows in order, `gone` where vacuum has taken files of the version, or any other error's text. */
function rowsOrGone(rows: PortableRow[] | Error): PortableRow[] | string {
  if (Array.isArray(rows)) return sortedRows(rows);
  return findError(rows, "object_not_found") || rows.message.includes("No such file") ? "gone" : rows.message;
}
