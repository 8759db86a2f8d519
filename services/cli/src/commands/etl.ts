import { runEtl } from "@cinelake/all_in_one";
import { formatReport } from "@cinelake/bronze_to_silver";
import type { Command } from "../command.ts";

export const etlCommand: Command = {
  name: "etl",
  summary: "Makes the Silver tables from Bronze and prints the quality report.",
  options: { dataset: { type: "string", description: "the data set; default the one loaded last", env: "DATASET" } },
  async run(context) {
    const { changed, tables, report } = await runEtl(context, context.options.dataset as string | undefined);
    const head = changed
      ? tables
          .map(
            ({ table, version, rows }) =>
              `${table.padEnd(24)}version ${version}, ${rows.toLocaleString("en-US")} rows written`,
          )
          .join("\n")
      : "Silver is up to date; the report is the stored one";
    return { json: { changed, tables, report }, text: `${head}\n\n${formatReport(report)}` };
  },
};
