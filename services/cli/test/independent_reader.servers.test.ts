import { createHash } from "node:crypto";
import { join } from "node:path";
import { TABLE_NAMES, tablePath, tableSpec, type ColumnSpec } from "@cinelake/contracts";
import { openChdb, sharedFile, temporaryDirectory, type TemporaryDirectory } from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { event, post, rating } from "./support/client.ts";
import { startPlatform } from "./support/platform.ts";
import { tableReader } from "./support/tables.ts";

const archive = sharedFile("data/ml-latest-small.zip");
let directory: TemporaryDirectory;

/** The whole pipeline and some live events, so that every table has rows. */
beforeAll(async () => {
  directory = await temporaryDirectory();
  const source = archive ? ["--source", archive] : ["--dataset", "synthetic"];
  const settings = { FLUSH_INTERVAL_MS: "100", TRENDING_TABLE_INTERVAL_MS: "1000" };
  await using platform = await startPlatform(directory.path, ["demo", ...source], settings);
  await post(platform.url, [
    rating(1, 50, 4.5),
    rating(999_999, 888_888, 0.5),
    event("view", 2, 50),
    event("click", 3, 50),
  ]);
  await fetch(`${platform.url}/recommendations/1?k=10`);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(await platform.stop()).toBe(0);
}, 180_000);

afterAll(() => directory[Symbol.asyncDispose]());

test("another engine reads every table: counts and per-column checksums agree", async () => {
  const lake = join(directory.path, "lakehouse");
  await using chdb = openChdb(lake);
  const rowsOf = await tableReader(directory.path);
  for (const name of TABLE_NAMES) {
    const spec = tableSpec(name);
    const ours = await rowsOf(name);
    const theirs = await chdb.rows(`SELECT * FROM deltaLakeLocal('${join(lake, tablePath(spec))}')`);
    if (name !== "silver_rejects") expect([name, ours.length > 0]).toEqual([name, true]);
    expect([name, theirs.length]).toEqual([name, ours.length]);
    for (const column of spec.columns) {
      expect([name, column.name, checksum(theirs, column)]).toEqual([name, column.name, checksum(ours, column)]);
    }
  }
}, 240_000);

/** A digest of a column's values that the order of rows does not change. */
function checksum(rows: readonly Record<string, unknown>[], column: ColumnSpec): string {
  const digests = rows.map((row) => createHash("md5").update(canonical(row[column.name], column.type)).digest("hex"));
  return createHash("md5").update(digests.sort().join()).digest("hex");
}

/** One text per value, however an engine prints it. */
function canonical(value: unknown, type: string): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value))
    return `[${value.map((each) => canonical(each, type.slice("array<".length, -1))).join(",")}]`;
  if (type === "float") return String(Math.fround(Number(value)));
  if (type === "double") return String(Number(value));
  if (type === "timestamp") return `${String(value).replace(" ", "T").replace(/Z$/, "")}`;
  return String(value);
}
