import { quoteName } from "../sql/quote.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile, PartitionValues, RemoveFile } from "./actions.ts";

/**
 * File actions of checkpoints, hundreds of thousands at a time. Crossing from DuckDB to JavaScript value by value is what costs, so
 * rows cross as long texts: fields and rows are kept apart by control characters that JSON and URIs do not hold unescaped.
 */
const FIELD = "\x1f";
const ROW = "\x1e";
const rowsPerText = 20_000;
const fieldsPerRow = 7;

/** Thrown if an action holds one of the separators after all. */
class SeparatorFound extends Error {}

/** `statistics` is SQL of the statistics' text. */
export function readAdds(
  session: SqlEngine,
  relation: string,
  statistics: string,
  values: PartitionValueCache,
): AsyncGenerator<AddFile[]> {
  const rare = ["tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"];
  return readActions(session, relation, "add", ["modificationTime", statistics, rare], (fields) => {
    const [path, partitionValues, size, time, dataChange, stats, others] = fields;
    const add: AddFile = {
      path: path!,
      partitionValues: values.parse(partitionValues!) ?? {},
      size: Number(size),
      modificationTime: Number(time),
      dataChange: dataChange === "true",
    };
    if (stats === "" && others === "") return add;
    return { ...add, ...(stats === "" ? {} : { stats }), ...rareFields(others!) };
  });
}

export function readRemoves(
  session: SqlEngine,
  relation: string,
  values: PartitionValueCache,
): AsyncGenerator<RemoveFile[]> {
  const rare = ["deletionVector", "baseRowId", "defaultRowCommitVersion", "extendedFileMetadata"];
  return readActions(session, relation, "remove", ["deletionTimestamp", "NULL", rare], (fields) => {
    const [path, partitionValues, size, time, dataChange, , others] = fields;
    const known = values.parse(partitionValues!);
    return {
      path: path!,
      dataChange: dataChange === "true",
      ...(time === "" ? {} : { deletionTimestamp: Number(time) }),
      ...(known ? { partitionValues: known } : {}),
      ...(size === "" ? {} : { size: Number(size) }),
      ...rareFields(others!),
    };
  });
}

/** Most files share their partition's values, so that one object serves them all. */
export class PartitionValueCache {
  readonly #known = new Map<string, PartitionValues>();

  parse(json: string): PartitionValues | undefined {
    if (json === "") return undefined;
    let values = this.#known.get(json);
    if (!values) {
      values = JSON.parse(json) as PartitionValues;
      this.#known.set(json, values);
    }
    return values;
  }
}

async function* readActions<T>(
  session: SqlEngine,
  relation: string,
  column: string,
  [time, extra, rare]: readonly [time: string, extra: string, rare: readonly string[]],
  build: (fields: readonly string[]) => T,
): AsyncGenerator<T[]> {
  const field = (name: string): string => `${quoteName(column)}.${quoteName(name)}`;
  const members = rare.map((name) => `${quoteName(name)}: ${field(name)}`).join(", ");
  const texts = [
    field("path"),
    `CAST(to_json(${field("partitionValues")}) AS VARCHAR)`,
    `CAST(${field("size")} AS VARCHAR)`,
    `CAST(${field(time)} AS VARCHAR)`,
    `CAST(${field("dataChange")} AS VARCHAR)`,
    extra,
    `CASE WHEN COALESCE(${rare.map((name) => `${field(name)} IS NOT NULL`).join(" OR ")}) THEN CAST(to_json({${members}}) AS VARCHAR) END`,
  ].map((text) => `COALESCE(${text}, '')`);
  const numbered = `SELECT ${texts.map((text, index) => `${text} AS f${index}`).join(", ")}, row_number() OVER () // ${rowsPerText} AS part FROM ${relation} WHERE ${field("path")} IS NOT NULL`;
  const names = texts.map((_, index) => `f${index}`).join(", ");
  const sql = `SELECT string_agg(concat_ws(chr(31), ${names}), chr(30)) AS text, count(*) AS rows FROM (${numbered}) GROUP BY part`;
  try {
    for await (const batch of session.batches<{ text: string; rows: number }>(sql)) {
      for (const { text, rows } of batch) yield Array.from(rowsOf(text, rows), build);
    }
  } catch (error) {
    if (!(error instanceof SeparatorFound)) throw error;
    // Rare enough to be slow; actions that were given before are given again, which changes nothing.
    const plain = `SELECT [${names}] AS fields FROM (${numbered})`;
    for await (const batch of session.batches<{ fields: string[] }>(plain))
      yield batch.map(({ fields }) => build(fields));
  }
}

/** The rows that a text stands for. */
function* rowsOf(text: string, rows: number): Generator<string[]> {
  const found = text.split(ROW);
  if (found.length !== rows) throw new SeparatorFound();
  for (const row of found) {
    const fields = row.split(FIELD);
    if (fields.length !== fieldsPerRow) throw new SeparatorFound();
    yield fields;
  }
}

/** The fields that are not null. */
function rareFields(json: string): object {
  if (json === "") return {};
  const { deletionVector, ...others } = JSON.parse(json) as Record<string, object | null>;
  return presentMembers({ ...others, ...(deletionVector && { deletionVector: presentMembers(deletionVector) }) });
}

function presentMembers(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}
