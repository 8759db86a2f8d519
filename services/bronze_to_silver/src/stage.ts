import { join } from "node:path";
import { CinelakeError, type TableName, type TableSpec } from "@cinelake/contracts";
import type { Predicate, Scan } from "@cinelake/delta";
import { findLakeTable } from "@cinelake/lake";
import { STAGED_TABLES, type EtlPlan, type StagedTable } from "./plan.ts";
import type { EtlInput, EtlPorts } from "./ports.ts";
import type { Measurement } from "./quality.ts";
import { parquet } from "./sql_text.ts";
import { deduplicatedSql, STAGED, stagingSql } from "./staging_sql.ts";
import type { GoodRows } from "./target_sql.ts";

/** Staged Parquet files on this machine, as `FROM`-able texts: every row with its verdict, and the deduplicated good ones. */
export interface Staged {
  readonly judged: Readonly<Record<StagedTable, string>>;
  readonly good: GoodRows;
  readonly measurements: readonly Measurement[];
}

/** Types, judges, deduplicates and counts all tables into files below `directory`; touches no table. */
export async function stageTables(
  ports: EtlPorts,
  plan: EtlPlan,
  input: EtlInput,
  directory: string,
  onTable: (table: StagedTable) => void,
): Promise<Staged> {
  const file = (name: StagedTable, kind: string): string => parquet(join(directory, `${name}.${kind}.parquet`));
  const files = (kind: string) => Object.fromEntries(STAGED_TABLES.map((name) => [name, file(name, kind)]));
  const staged = { judged: files("judged") as Staged["judged"], good: files("good") as unknown as GoodRows };
  const measurements: Measurement[] = [];
  for (const name of STAGED_TABLES) {
    onTable(name);
    const { source, joined, target } = plan.lineages[name];
    await using rows = await ingestedRows(ports, input, source);
    await using partners = joined && (await ingestedRows(ports, input, joined));
    const relations = { source: rows.sql, ...(partners && { joined: partners.sql }) };
    const { engine } = ports;
    await copyTo(ports, stagingSql(plan.lineages[name], relations), join(directory, `${name}.judged.parquet`));
    await copyTo(ports, deduplicatedSql(target, staged.judged[name]), join(directory, `${name}.good.parquet`));
    const [ingested] = await engine.rows<{ newest: number | null }>(
      `SELECT epoch_ms(max(ingestion_ts))::DOUBLE AS newest FROM ${rows.sql}`,
    );
    if (ingested?.newest == null && name !== "silver_tags") throw missing(source, input);
    measurements.push(await measure(ports, plan, staged, name, ingested?.newest ?? input.now));
  }
  return { ...staged, measurements };
}

async function measure(
  { engine }: EtlPorts,
  plan: EtlPlan,
  staged: Pick<Staged, "judged" | "good">,
  name: StagedTable,
  newestIngestion: number,
): Promise<Measurement> {
  const findings = await engine.rows<{ reason: string | null; nulled: string | null; rows: number }>(
    `SELECT ${STAGED.reason} AS reason, ${STAGED.nulled} AS nulled, count(*) AS rows FROM ${staged.judged[name]} GROUP BY ALL`,
  );
  const [kept] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${staged.good[name]}`);
  const { target } = plan.lineages[name];
  const missing = [];
  for (const { name: column, references } of target.columns) {
    if (references === undefined) continue;
    const [found] = references === "silver_movies" ? await countMissing(engine, staged.good, name) : [];
    missing.push({ column, references, rows: found?.rows ?? 0, keys: found?.keys ?? 0 });
  }
  const checkedRows = findings.reduce((sum, { rows }) => sum + rows, 0);
  return { lineage: plan.lineages[name], checkedRows, findings, keptRows: kept?.rows ?? 0, missing, newestIngestion };
}

/** Rows of one table whose film the catalogue lacks. (Users come from these rows, so none is ever missing.) */
function countMissing(engine: EtlPorts["engine"], good: GoodRows, name: StagedTable) {
  return engine.rows<{ rows: number; keys: number }>(
    `SELECT count(*) AS rows, count(DISTINCT movie_id) AS keys FROM ${good[name]}
     WHERE movie_id NOT IN (SELECT movie_id FROM ${good.silver_movies})`,
  );
}

/** The current ingestion's rows of a Bronze table. */
async function ingestedRows(ports: EtlPorts, input: EtlInput, source: TableSpec): Promise<Scan> {
  const where: Predicate[] = [
    { column: "ingestion_date", op: "=", value: input.ingestionDate },
    { column: "ingestion_id", op: "=", value: input.ingestionId },
  ];
  const table = await findLakeTable(ports, source.name as TableName);
  if (!table) throw missing(source, input);
  return (await table.snapshot()).scan({ where });
}

function missing(source: TableSpec, { ingestionId, datasetName }: EtlInput): CinelakeError {
  return new CinelakeError(
    "dataset_missing",
    `${source.name} has no rows of ingestion ${ingestionId} (${datasetName}); run make bootstrap_bronze first`,
    { details: { table: source.name, ingestion_id: ingestionId } },
  );
}

async function copyTo({ engine }: EtlPorts, sql: string, path: string): Promise<void> {
  await engine.run(`COPY (${sql}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet)`);
}
