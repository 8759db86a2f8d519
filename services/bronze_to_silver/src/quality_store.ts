import { deltaSchema, findError, tablePath, tableSpec, type GoldDataQualityRow } from "@cinelake/contracts";
import { openOrCreateTable, openTable } from "@cinelake/delta";
import type { EtlPorts } from "./ports.ts";
import { reportOf, type QualityReport } from "./quality.ts";

const spec = tableSpec("gold_data_quality");

/** The report stored under a run's id, or undefined. */
export async function storedReport({ store, engine }: EtlPorts, runId: string): Promise<QualityReport | undefined> {
  try {
    const table = await openTable({ store, engine, path: tablePath(spec) });
    const rows: GoldDataQualityRow[] = [];
    const snapshot = await table.snapshot();
    for await (const batch of snapshot.read({ where: [{ column: "run_id", op: "=", value: runId }] })) {
      rows.push(...(batch as unknown as GoldDataQualityRow[]));
    }
    rows.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
    return rows.length === 0 ? undefined : reportOf(runId, rows);
  } catch (error) {
    if (findError(error, "delta_table_not_found")) return undefined;
    throw error;
  }
}

/** Appends a report's rows to gold_data_quality in one commit. */
export async function storeReport({ store, engine }: EtlPorts, report: QualityReport): Promise<void> {
  const context = { store, engine, path: tablePath(spec) };
  const table = await openOrCreateTable(context, {
    name: spec.name,
    description: spec.description,
    schema: deltaSchema(spec),
    partitionColumns: spec.partition_columns,
  });
  await table.append({ rows: report.rows });
}

function orderKey(row: GoldDataQualityRow): string {
  return [row.table_name, row.rule, row.column_name].join("\n");
}
