import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import { findError } from "@cinelake/contracts";
import { openObjectStore } from "@cinelake/object_store";
import { sharedFile } from "@cinelake/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqlEngine, openTable, type SqlEngine } from "@cinelake/delta";
import { physicalPath } from "../src/log/actions.ts";
import { loadState } from "../src/log/load.ts";

/** Cases that must fail, with the code and a part of the message. All others must give the expected rows. */
const REFUSED: Readonly<Record<string, readonly [code: string, text: string]>> = {
  // Made to be refused: a protocol of the future, actions that a log must have, a commit that is missing, no log.
  "deltalog-invalid-protocol-version": ["delta_unsupported", "minReaderVersion 99"],
  "deltalog-state-reconstruction-from-checkpoint-missing-metadata": ["delta_corrupt", "metaData"],
  "deltalog-state-reconstruction-from-checkpoint-missing-protocol": ["delta_corrupt", "protocol"],
  "deltalog-state-reconstruction-without-metadata": ["delta_corrupt", "metaData"],
  "deltalog-state-reconstruction-without-protocol": ["delta_corrupt", "protocol"],
  "versions-not-contiguous": ["delta_corrupt", "no commit 1"],
  "no-delta-log-folder": ["delta_table_not_found", "no table"],
  // Logs made for tests of their actions alone: without the metaData, or its schemaString, that PROTOCOL.md requires.
  "data-reader-absolute-paths-escaped-chars": ["delta_corrupt", "metaData"],
  "deltalog-commit-info": ["delta_corrupt", "schemaString"],
  "update-deleted-directory": ["delta_corrupt", "schemaString"],
};

/** Logs that name files which never were: what must be live in the end. */
const LIVE: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ["15"],
  "delete-re-add-same-file-different-transactions": ["bar", "foo"],
  "log-replay-special-characters-b": ["special p@#h"],
};

/** Columns of partition values without zone, which were written in this one and are read as UTC. */
const ZONELESS: Readonly<Record<string, readonly [column: string, zone: string]>> = {
  "data-reader-partition-values": ["as_timestamp", "America/Los_Angeles"],
};

/** Tables without expected rows: their number. */
const ROWS: Readonly<Record<string, number>> = { "deltatbl-map-types-correctly": 1, "deltatbl-partition-prune": 5 };

const archive = sharedFile("data/delta-golden.tar.gz");
if (!archive) {
  process.stderr.write("NOT RUN: the golden Delta tables (data/delta-golden.tar.gz) are not beside the repository\n");
  test("golden tables are not there", ({ annotate }) => annotate("golden tables NOT RUN: archive absent", "warning"));
} else {
  const names = execFileSync("tar", ["tzf", archive], { maxBuffer: 1 << 26, encoding: "utf8" }).split("\n");
  const tables = new Set(
    names.flatMap((name) => (name.includes("/_delta_log/") ? [name.split("/_delta_log/")[0]!] : [])),
  );
  tables.add("kernel-rs-golden-x/no-delta-log-folder/delta");

  describe("golden tables of another implementation", () => {
    let folder: string;
    let engine: SqlEngine;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "cinelake-golden-"));
      execFileSync("tar", ["xzf", archive, "-C", folder]);
      engine = await openSqlEngine({ threads: 2 });
    });
    afterAll(async () => {
      await engine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    test.each(Array.from(tables).sort())("%s", async (name) => {
      const place = join(folder, name);
      const id = basename(name) === "delta" ? basename(dirname(name)) : basename(name);
      const refused = REFUSED[id];
      await using store = await openObjectStore(dirname(place));
      const work = compare(engine, store, basename(place), join(dirname(place), "expected"), id);
      if (!refused) return work;
      const error = findError(await work.catch((thrown: unknown) => thrown));
      expect(error?.code).toBe(refused[0]);
      expect(error?.message).toContain(refused[1]);
    });
  });
}

async function compare(
  engine: SqlEngine,
  store: Awaited<ReturnType<typeof openObjectStore>>,
  path: string,
  expected: string,
  id: string,
): Promise<void> {
  const table = await openTable({ store, path, engine });
  const snapshot = await table.snapshot();
  if (LIVE[id]) {
    const { files } = (await loadState({ store, path, engine }))!;
    expect(Array.from(files.values(), (file) => physicalPath(file.path)).sort()).toEqual(LIVE[id]);
    await expect(snapshot.scan()).rejects.toMatchObject({ code: "object_not_found" });
    return;
  }
  await using scan = await snapshot.scan();
  if (!existsSync(expected)) {
    const [found] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${scan.sql}`);
    expect(found!.rows).toBe(/^canonicalized|^log-replay|^deltalog-getChanges/.test(id) ? 0 : (ROWS[id] ?? 10));
    return;
  }
  const [zoneless, zone] = ZONELESS[id] ?? [];
  const list = (from: string): string =>
    snapshot.schema.fields
      .map(({ name }) => (name === zoneless ? `timezone('${from}', "${name}") AS "${name}"` : `"${name}"`))
      .join(", ");
  const ours = `SELECT ${list("UTC")} FROM ${scan.sql}`;
  const theirs = `SELECT ${list(zone ?? "UTC")} FROM read_parquet([${parquetFiles(expected)}], hive_partitioning = false)`;
  // With equal numbers of rows nothing missing means nothing extra.
  const [difference] = await engine.rows(
    `SELECT (SELECT count(*) FROM (${ours})) - (SELECT count(*) FROM (${theirs})) AS rows, (SELECT count(*) FROM (${theirs} EXCEPT ALL ${ours})) AS missing`,
  );
  expect(difference).toEqual({ rows: 0, missing: 0 });
  const [count] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${scan.sql}`);
  expect(snapshot.rowCount ?? count!.rows).toBe(count!.rows);
  const batches = await Array.fromAsync(snapshot.arrow());
  expect(batches.reduce((rows, batch) => rows + batch.numRows, 0)).toBe(count!.rows);
}

function parquetFiles(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".parquet") && !name.split(sep).some((part) => /^[._]/.test(part)))
    .map((name) => `'${join(folder, name)}'`)
    .join(", ");
}
