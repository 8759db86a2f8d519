import { convertToDelta, type StructField } from "@cinelake/delta";
import { UsageError } from "../arguments.ts";
import type { LoneCommand } from "../command.ts";
import { withPlace } from "./table_place.ts";

export const tableConvertCommand: LoneCommand = {
  name: "table convert",
  summary:
    "Makes a folder of Parquet files a Delta table in place. PATH is a folder on disk, a path in the lake, or an s3:// or file:// address.",
  arguments: ["PATH"],
  options: {
    "partition-by": {
      type: "string",
      description: "types of the columns that folders stand for, `year integer, country string`; default all text",
    },
    name: { type: "string", description: "the table's name" },
  },
  async runAlone(context) {
    const { options } = context;
    const by = options["partition-by"];
    const partitionColumns = by === undefined ? undefined : fieldsOf(String(by));
    const described = await withPlace(context, "write", async (place) => {
      const table = await convertToDelta(place, {
        ...(partitionColumns ? { partitionColumns } : {}),
        ...(options.name === undefined ? {} : { name: String(options.name) }),
      });
      return table.describe();
    });
    const { location, version, files, bytes, rows } = described;
    return {
      json: { location, version, files, bytes, rows: rows ?? null },
      text: `${location} is a Delta table now: ${rows ?? "?"} rows in ${files} files`,
    };
  },
};

/** `a integer, b decimal(10,2)`: a comma within brackets belongs to the type. */
function fieldsOf(text: string): StructField[] {
  return text.split(/,(?![^(]*\))/).map((part) => {
    const [, name, type] = /^\s*(\S+)\s+(\S.*?)\s*$/.exec(part) ?? [];
    if (!name || !type) throw new UsageError(`--partition-by takes \`column type, column type\`, not ${text}`);
    return { name, type, nullable: true, metadata: {} };
  });
}
