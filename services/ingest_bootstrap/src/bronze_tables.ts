import { join } from "node:path";
import { CinelakeError, type TableSpec } from "@cinelake/contracts";
import type { DeltaTable, SqlEngine } from "@cinelake/delta";
import { openLakeTable, type LakePorts } from "@cinelake/lake";
import { bronzeSql, countSql } from "./bronze_sql.ts";
import { isDiskFull } from "./disk.ts";
import { BRONZE_FILES, factsOf, type FileFacts } from "./file_facts.ts";
import type { Ingestion } from "./plan.ts";

/** A Bronze table that one file fills. */
export interface BronzeTable {
  readonly file: string;
  readonly spec: TableSpec;
  readonly table: DeltaTable;
}

/** The application whose `txn` version in each Bronze table is the number of the run that wrote last. */
const applicationId = (dataset: string): string => `ingest_bootstrap/${dataset}`;

/** The tables of the data set's files, made if missing. */
export async function openBronzeTables(ports: LakePorts): Promise<BronzeTable[]> {
  const tables: BronzeTable[] = [];
  for (const { file, name, spec } of BRONZE_FILES) tables.push({ file, spec, table: await openLakeTable(ports, name) });
  return tables;
}

/** Highest run of the data set that any of the tables has seen, 0 for none. */
export async function lastRun(tables: readonly BronzeTable[], dataset: string): Promise<number> {
  const runs = await Promise.all(
    tables.map(async ({ table }) => (await table.snapshot()).transaction(applicationId(dataset)) ?? 0),
  );
  return Math.max(0, ...runs);
}

/** `dataset_invalid` unless DuckDB finds as many rows in each table's file as the scanner found records: none can vanish. */
export async function requireReadable(engine: SqlEngine, folder: string, facts: readonly FileFacts[]): Promise<void> {
  for (const { file } of BRONZE_FILES) {
    const { header = [], rows } = factsOf(facts, file);
    await explained(file, async () => {
      const [counted] = await engine.rows<{ rows: number }>(countSql(join(folder, file), header));
      if (counted?.rows === rows) return;
      throw new CinelakeError(
        "dataset_invalid",
        `${file} has ${rows} records, but ${counted?.rows} can be read from it. Nothing was written; look for unusual quotes.`,
        { details: { file, expected: rows, found: counted?.rows } },
      );
    });
  }
}

/** Appends a file's rows in one commit, unless a commit of this run is there already. */
export async function appendFile(
  { file, table, spec }: BronzeTable,
  folder: string,
  facts: readonly FileFacts[],
  ingestion: Ingestion,
): Promise<void> {
  const appId = applicationId(ingestion.dataset);
  const expected = (await table.snapshot()).transaction(appId);
  if (expected === ingestion.run) return;
  const sql = bronzeSql(join(folder, file), factsOf(facts, file).header ?? [], spec, ingestion);
  const transactions = [{ appId, version: ingestion.run, expected }];
  await explained(file, () =>
    table.append({ sql }, { transactions, userMetadata: ingestion.ingestionId, allowEmpty: true }),
  );
}

/** Rows of an ingestion in a table, whether their numbers are 1 to that count (by their sum and the sum of their squares), and the table's version. */
export async function ingestedRows(
  engine: SqlEngine,
  table: DeltaTable,
  ingestion: Pick<Ingestion, "ingestionId" | "ingestionDate">,
): Promise<{ version: number; rows: number; numbered: boolean }> {
  const snapshot = await table.snapshot();
  await using scan = await snapshot.scan({
    columns: ["ingestion_id", "ingestion_date", "row_number"],
    where: [
      { column: "ingestion_date", op: "=", value: ingestion.ingestionDate },
      { column: "ingestion_id", op: "=", value: ingestion.ingestionId },
    ],
  });
  const [found] = await engine.rows<{ rows: number; numbered: boolean }>(
    `SELECT CAST(n AS BIGINT) AS rows,
       n = 0 OR (low = 1 AND high = n AND 2 * total = n * (n + 1) AND 6 * squares = n * (n + 1) * (2 * n + 1)) AS numbered
     FROM (SELECT CAST(count(*) AS HUGEINT) AS n, min(row_number) AS low, max(row_number) AS high, sum(row_number) AS total,
       sum(CAST(row_number AS HUGEINT) * row_number) AS squares FROM ${scan.sql} WHERE ingestion_id = ?)`,
    [ingestion.ingestionId],
  );
  return { version: snapshot.version, rows: found?.rows ?? 0, numbered: found?.numbered ?? false };
}

/** The parser's own errors name a line; they are the data's fault. */
async function explained<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof CinelakeError || isDiskFull(error) || !/CSV|Invalid Input Error/.test(text)) throw error;
    const reason = text.slice(0, 300).replaceAll(/\s+/g, " ").trim();
    throw new CinelakeError("dataset_invalid", `${file} cannot be read: ${reason}`, {
      cause: error,
      details: { file },
    });
  }
}
