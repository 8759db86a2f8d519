import { UsageError } from "../arguments.ts";
import type { LoneCommand } from "../command.ts";
import { PATH_HELP, withTable } from "./table_place.ts";
import { namesOf, predicatesOf, whereOption } from "./table_where.ts";

export const tableOptimizeCommand: LoneCommand = {
  name: "table optimize",
  summary: `Rewrites a Delta table's small files as few larger ones; rows stay as they are. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: {
    where: { ...whereOption, description: `only partitions: ${whereOption.description}` },
    "z-order": { type: "string", description: "sort rows along a Z-order curve over these columns, a,b" },
    "min-files": {
      type: "integer",
      description: "rewrite so many files of about one size at least; with more, each row is rewritten less often",
      minimum: 2,
      default: 2,
    },
    "target-size": { type: "string", description: "size of the files, e.g. 128mb; default the table's own" },
  },
  async runAlone(context) {
    const { options } = context;
    const zOrderBy = namesOf(options["z-order"]);
    const size = options["target-size"];
    const targetFileSize = size === undefined ? undefined : bytesOf(String(size));
    const result = await withTable(context, "write", async (table) => {
      const { schema } = await table.snapshot();
      return table.optimize({
        where: predicatesOf(options, schema),
        minFiles: Number(options["min-files"]),
        ...(zOrderBy ? { zOrderBy } : {}),
        ...(targetFileSize === undefined ? {} : { targetFileSize }),
      });
    });
    const text = result.committed
      ? `version ${result.version}: ${result.removedFiles} files (${result.removedBytes} bytes) became ${result.addedFiles} (${result.addedBytes} bytes)`
      : `nothing to do; the table is at version ${result.version}`;
    return { json: result, text };
  },
};

const SHIFTS: Readonly<Record<string, number>> = { "": 0, k: 10, m: 20, g: 30 };

function bytesOf(text: string): number {
  const [, digits, unit = ""] = /^(\d+)\s*([kmg]?)b?$/i.exec(text.trim()) ?? [];
  const bytes = Number(digits) * 2 ** SHIFTS[unit.toLowerCase()]!;
  if (!(bytes > 0)) throw new UsageError(`--target-size takes a size such as 128mb, not ${text}`);
  return bytes;
}
