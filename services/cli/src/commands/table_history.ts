import type { LoneCommand } from "../command.ts";
import { PATH_HELP, withTable } from "./table_place.ts";

export const tableHistoryCommand: LoneCommand = {
  name: "table history",
  summary: `Lists a Delta table's versions, newest first. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: { limit: { type: "integer", description: "at most so many versions", default: 20, minimum: 1 } },
  async runAlone(context) {
    const history = await withTable(context, "read", (table) => table.history(context.options.limit as number));
    const lines = history.map(({ version, timestamp, operation, metrics, userMetadata }) => {
      const note = userMetadata === undefined ? "" : `  ${userMetadata}`;
      return `${String(version).padStart(6)}  ${new Date(timestamp).toISOString()}  ${(operation ?? "").padEnd(14)}${JSON.stringify(metrics)}${note}`;
    });
    const json = history.map(({ operation = null, userMetadata = null, ...entry }) => ({
      ...entry,
      operation,
      userMetadata,
    }));
    return { json, text: lines.join("\n") };
  },
};
