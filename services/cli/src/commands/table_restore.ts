import { UsageError } from "../arguments.ts";
import type { LoneCommand } from "../command.ts";
import { PATH_HELP, withTable } from "./table_place.ts";
import { atOf, atOptions } from "./table_where.ts";

export const tableRestoreCommand: LoneCommand = {
  name: "table restore",
  summary: `Makes an earlier version of a Delta table the latest again, by a new version. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: atOptions,
  async runAlone(context) {
    const at = atOf(context.options);
    if (!at) throw new UsageError("table restore: give --version N or --timestamp TIME");
    const result = await withTable(context, "write", (table) => table.restore(at));
    const text = result.committed
      ? `version ${result.version} is as version ${result.restoredVersion} was: ${result.addedFiles} files came back, ${result.removedFiles} went`
      : `nothing to do: version ${result.version} is as version ${result.restoredVersion} was`;
    return { json: result, text };
  },
};
