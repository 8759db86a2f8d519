import { runEtl } from "@cinelake/all_in_one";
import { formatReport, type EtlResult, type QualityReport } from "@cinelake/bronze_to_silver";
import { findError } from "@cinelake/contracts";
import type { Command, CommandResult } from "../command.ts";

export const etlCommand: Command = {
  name: "etl",
  summary: "Makes the Silver tables from Bronze and prints the quality report.",
  options: { dataset: { type: "string", description: "the data set; default the one loaded last", env: "DATASET" } },
  async run(context) {
    try {
      return succeeded(await runEtl(context, context.options.dataset as string | undefined));
    } catch (error) {
      const failed = findError(error, "quality_gate_failed");
      if (!failed) throw error;
      const report = failed.details.report as QualityReport;
      const json = { changed: false, tables: [], report, error: { code: failed.code, message: failed.message } };
      return { json, text: `${formatReport(report)}\n\n${failed.message} [${failed.code}]`, exitCode: 1 };
    }
  },
};

function succeeded({ changed, tables, report }: EtlResult): CommandResult {
  const head = changed
    ? tables
        .map(
          ({ table, version, rows }) =>
            `${table.padEnd(24)}version ${version}, ${rows.toLocaleString("en-US")} rows written`,
        )
        .join("\n")
    : "Silver is up to date; the report is the stored one";
  return { json: { changed, tables, report }, text: `${head}\n\n${formatReport(report)}` };
}
