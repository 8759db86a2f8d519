import { CinelakeError } from "@cinelake/contracts/errors";
import type { StructField } from "../api.ts";
import type { SqlEngine } from "../engine.ts";
import type { PartitionValues } from "../log/actions.ts";
import { partitionText } from "../schema/partition_values.ts";
import { sqlType } from "../schema/types.ts";
import { quoteText } from "../sql/quote.ts";

const NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__";

/** The partition columns that the files' folders stand for, with the types that are given. All files must agree on their names. */
export function partitionColumnsOf(paths: readonly string[], given?: readonly StructField[]): StructField[] {
  const names = Array.from(folderValues(paths[0]!).keys());
  for (const path of paths) {
    const own = Array.from(folderValues(path).keys());
    if (JSON.stringify(own) === JSON.stringify(names)) continue;
    throw mismatch(
      path,
      `lies in partitions of ${listed(own)}, while ${paths[0]!} lies in partitions of ${listed(names)}`,
    );
  }
  return names.map(
    (name) => given?.find((field) => field.name === name) ?? { name, type: "string", nullable: true, metadata: {} },
  );
}

/** Refuses with `invalid_argument` given partition columns that are not those of the folders. */
export function checkFields(given: readonly StructField[], found: readonly string[]): void {
  const names = given.map(({ name }) => name);
  if (JSON.stringify(names) === JSON.stringify(found)) return;
  throw new CinelakeError(
    "invalid_argument",
    `The partition columns are given as ${listed(names)}, while the folders stand for ${listed(found)}.`,
  );
}

/** Each file's partition values in the protocol's form; fails with `delta_schema_mismatch` naming a file whose folder its type cannot read. */
export async function partitionTexts(
  engine: SqlEngine,
  paths: readonly string[],
  fields: readonly StructField[],
): Promise<PartitionValues[]> {
  const raw = paths.map(folderValues);
  const texts = await Promise.all(
    fields.map(async ({ name, type }) => {
      const distinct = Array.from(new Set(raw.map((values) => values.get(name)).filter((text) => text != null)));
      if (distinct.length === 0) return new Map<string, string>();
      const rows = await engine.rows<{ raw: string; text: string | null }>(
        `SELECT raw, ${partitionText("value", type)} AS text FROM ` +
          `(SELECT raw, TRY_CAST(raw AS ${sqlType(type)}) AS value FROM (VALUES ${distinct.map((text) => `(${quoteText(text)})`).join(", ")}) AS v(raw))`,
      );
      const known = rows.flatMap(({ raw: given, text }) => (text === null ? [] : [[given, text] as const]));
      return new Map(known);
    }),
  );
  return raw.map((values, index) =>
    Object.fromEntries(
      fields.map(({ name, type }, column) => {
        const given = values.get(name);
        const text = given == null ? null : texts[column]!.get(given);
        if (text !== undefined) return [name, text];
        throw mismatch(paths[index]!, `has the partition value ${name}=${given}, which is no ${JSON.stringify(type)}`);
      }),
    ),
  );
}

/** `name=value` folders of a path, decoded as Hive encodes them; null for the folder of nulls. */
function folderValues(path: string): Map<string, string | null> {
  const folders = path.split("/").slice(0, -1);
  return new Map(
    folders.flatMap((folder) => {
      const split = folder.indexOf("=");
      if (split < 1) return [];
      const value = unescaped(folder.slice(split + 1));
      return [[unescaped(folder.slice(0, split)), value === "" || value === NULL_FOLDER ? null : value] as const];
    }),
  );
}

/** Percent escapes decoded where they are whole; anything else stands for itself. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no column" : names.join(", ");
}

function mismatch(path: string, problem: string): CinelakeError {
  return new CinelakeError("delta_schema_mismatch", `The file ${path} ${problem}.`, { details: { file: path } });
}
