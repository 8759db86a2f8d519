import type { GoldDataQualityRow } from "@cinelake/contracts";
import type { QualityReport } from "./quality.ts";

const HEAD = ["table", "rule", "column", "checked", "failed", "result", "details"];
const RULES = ["completeness", "validity", "uniqueness", "consistency", "freshness"];

/** The report as a text table for a terminal, one line per rule; rules of columns that nothing broke are summed up in one line. */
export function formatReport(report: QualityReport): string {
  const tables = [...new Set(report.rows.map((row) => row.table_name))];
  const lines = tables.flatMap((table) => tableLines(report.rows.filter((row) => row.table_name === table)));
  const widths = HEAD.map((head, at) => Math.max(...[HEAD, ...lines].map((line) => (line[at] ?? head).length)));
  const text = [HEAD, ...lines].map((line) =>
    line
      .map((cell, at) => pad(cell, widths[at] ?? 0, at))
      .join("  ")
      .trimEnd(),
  );
  return [`Data quality of ${report.runId}: ${report.passed ? "passed" : "FAILED"}`, ...text].join("\n");
}

function tableLines(rows: readonly GoldDataQualityRow[]): string[][] {
  const shown = rows.filter((row) => row.column_name === "*" || row.failed_rows > 0);
  const clean = rows.filter((row) => !shown.includes(row));
  const lines = shown
    .sort((a, b) => RULES.indexOf(a.rule) - RULES.indexOf(b.rule) || (a.column_name < b.column_name ? -1 : 1))
    .map((row) => [
      row.table_name,
      row.rule,
      row.column_name,
      String(row.checked_rows),
      String(row.failed_rows),
      row.passed ? (row.failed_rows === 0 ? "ok" : "within") : row.rule === "freshness" ? "late" : "FAILED",
      row.details ?? "",
    ]);
  const first = clean[0];
  if (!first) return lines;
  const summary = [first.table_name, "others", `${clean.length} rules`, String(first.checked_rows), "0", "ok", ""];
  return [...lines, summary];
}

function pad(cell: string, width: number, at: number): string {
  return at === 3 || at === 4 ? cell.padStart(width) : cell.padEnd(width);
}
