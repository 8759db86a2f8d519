import type { GoldDataQualityRow } from "@cinelake/contracts";
import { findLakeTable, openLakeTable } from "@cinelake/lake";
import type { EtlPorts } from "./ports.ts";
import { reportOf, type QualityReport } from "./quality.ts";

const TABLE = "gold_data_quality";

/** The report stored under a run's id, or undefined. */
export async function storedReport(ports: EtlPorts, runId: string): Promise<QualityReport | undefined> {
  const snapshot = await (await findLakeTable(ports, TABLE))?.snapshot();
  const rows: GoldDataQualityRow[] = [];
  for await (const batch of snapshot?.read({ where: [{ column: "run_id", op: "=", value: runId }] }) ?? []) {
    rows.push(...(batch as unknown as GoldDataQualityRow[]));
  }
  rows.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1));
  return rows.length === 0 ? undefined : reportOf(runId, rows);
}

/** Appends a report's rows to gold_data_quality in one commit. */
export async function storeReport(ports: EtlPorts, report: QualityReport): Promise<void> {
  const table = await openLakeTable(ports, TABLE);
  await table.append({ rows: report.rows });
}

function orderKey(row: GoldDataQualityRow): string {
  return [row.table_name, row.rule, row.column_name].join("\n");
}
