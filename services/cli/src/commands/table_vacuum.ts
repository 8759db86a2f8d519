import type { LoneCommand } from "../command.ts";
import { PATH_HELP, withTable } from "./table_place.ts";

export const tableVacuumCommand: LoneCommand = {
  name: "table vacuum",
  summary: `Deletes files that no version of a Delta table within the retention needs. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: {
    "retention-hours": {
      type: "integer",
      description: "hours that removed files are kept; default the table's own (a week)",
    },
    "dry-run": { type: "boolean", description: "only list what would be deleted" },
    force: { type: "boolean", description: "allow a retention below the table's own" },
  },
  async runAlone(context) {
    const { options } = context;
    const retentionHours = options["retention-hours"] as number | undefined;
    const dryRun = options["dry-run"] === true;
    const result = await withTable(context, dryRun ? "read" : "write", (table) =>
      table.vacuum({
        ...(retentionHours === undefined ? {} : { retentionHours }),
        dryRun,
        force: options.force === true,
      }),
    );
    const sum = `${result.deletedFiles.length} files (${result.deletedBytes} bytes)`;
    const text = dryRun ? [...result.deletedFiles, `would delete ${sum}`].join("\n") : `deleted ${sum}`;
    return { json: result, text };
  },
};
