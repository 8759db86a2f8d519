import { randomUUID } from "node:crypto";
import { quoteName, quoteText } from "../sql/quote.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile, PartitionValues, RemoveFile } from "./actions.ts";

/**
 * File actions of checkpoints, hundreds of thousands at a time. Crossing from DuckDB to JavaScript value by value is what costs, so
 * actions cross as long texts: fields and rows are kept apart by control characters that JSON and URIs do not hold unescaped.
 */
interface Separators {
  readonly field: string;
  readonly row: string;
}
const CONTROLS: Separators = { field: "\x1f", row: "\x1e" };
const rowsPerText = 2048;
/** A statement holds all of its texts in memory, which a large checkpoint would not fit in. */
const rowsPerStatement = 2 ** 16;

/** Thrown if an action holds one of the separators after all. */
class SeparatorFound extends Error {}

/** What is read of an action, as SQL texts over its struct; `rare` fields cross as one JSON object. */
interface Fields {
  readonly column: string;
  readonly time: string;
  /** SQL of a further text. */
  readonly text: string;
  readonly rare: readonly string[];
}

/** `statistics` is SQL of the statistics' text. */
export function readAdds(
  session: SqlEngine,
  relation: string,
  statistics: string,
  values: PartitionValueCache,
): AsyncGenerator<AddFile[]> {
  const fields: Fields = {
    column: "add",
    time: "modificationTime",
    text: statistics,
    rare: ["tags", "deletionVector", "baseRowId", "defaultRowCommitVersion", "clusteringProvider"],
  };
  return readActions(session, relation, fields, (row) => {
    const add: AddFile = {
      path: row.next(),
      partitionValues: values.parse(row.next()) ?? {},
      size: Number(row.next()),
      modificationTime: Number(row.next()),
      dataChange: row.next() === "true",
    };
    const stats = row.next();
    const others = row.last();
    if (stats === "" && others === "") return add;
    return { ...add, ...(stats === "" ? {} : { stats }), ...rareFields(others) };
  });
}

export function readRemoves(
  session: SqlEngine,
  relation: string,
  values: PartitionValueCache,
): AsyncGenerator<RemoveFile[]> {
  const fields: Fields = {
    column: "remove",
    time: "deletionTimestamp",
    text: `CAST("remove"."extendedFileMetadata" AS VARCHAR)`,
    rare: ["deletionVector", "baseRowId", "defaultRowCommitVersion"],
  };
  return readActions(session, relation, fields, (row) => {
    const path = row.next();
    const partitionValues = values.parse(row.next());
    const [size, time, dataChange, extended] = [row.next(), row.next(), row.next(), row.next()];
    return {
      path,
      dataChange: dataChange === "true",
      ...(time === "" ? {} : { deletionTimestamp: Number(time) }),
      ...(extended === "" ? {} : { extendedFileMetadata: extended === "true" }),
      ...(partitionValues ? { partitionValues } : {}),
      ...(size === "" ? {} : { size: Number(size) }),
      ...rareFields(row.last()),
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
  fields: Fields,
  build: (row: RowReader) => T,
  separators = CONTROLS,
): AsyncGenerator<T[]> {
  try {
    const [size] = await session.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${relation}`);
    for (let from = 0; from < size!.rows; from += rowsPerStatement) {
      const sql = actionsSql(relation, fields, separators, from);
      for await (const batch of session.batches<{ text: string }>(sql)) {
        for (const { text } of batch) {
          const row = new RowReader(text, separators);
          const actions: T[] = [];
          while (!row.isAtEnd) actions.push(build(row));
          yield actions;
        }
      }
    }
  } catch (error) {
    // A field that was cut in two is no JSON either.
    const isCut = error instanceof SeparatorFound || error instanceof SyntaxError;
    if (!isCut || separators !== CONTROLS) throw error;
    // Actions that were given before are given again, which changes nothing.
    yield* readActions(session, relation, fields, build, { field: randomUUID(), row: randomUUID() });
  }
}

function actionsSql(
  relation: string,
  { column, time, text, rare }: Fields,
  { field, row }: Separators,
  from: number,
): string {
  const member = (name: string): string => `${quoteName(column)}.${quoteName(name)}`;
  const object = rare.map((name) => `${quoteName(name)}: ${member(name)}`).join(", ");
  const texts = [
    member("path"),
    `CAST(to_json(${member("partitionValues")}) AS VARCHAR)`,
    `CAST(${member("size")} AS VARCHAR)`,
    `CAST(${member(time)} AS VARCHAR)`,
    `CAST(${member("dataChange")} AS VARCHAR)`,
    text,
    `CASE WHEN ${rare.map((name) => `${member(name)} IS NOT NULL`).join(" OR ")} THEN CAST(to_json({${object}}) AS VARCHAR) END`,
  ];
  const joined = `concat_ws(${quoteText(field)}, ${texts.map((each) => `COALESCE(${each}, '')`).join(", ")})`;
  const numbered = `SELECT ${joined} AS row, file_row_number // ${rowsPerText} AS part FROM ${relation} WHERE ${member("path")} IS NOT NULL AND file_row_number BETWEEN ${from} AND ${from + rowsPerStatement - 1}`;
  return `SELECT string_agg(row, ${quoteText(row)}) AS text FROM (${numbered}) GROUP BY part`;
}

/** Reads rows of seven fields; only the last is checked, which a separator within another field would have made too long. */
class RowReader {
  readonly #text: string;
  readonly #separators: Separators;
  #at = 0;

  constructor(text: string, separators: Separators) {
    this.#text = text;
    this.#separators = separators;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  next(): string {
    const { field } = this.#separators;
    const end = this.#text.indexOf(field, this.#at);
    if (end < 0) throw new SeparatorFound();
    const value = this.#text.slice(this.#at, end);
    this.#at = end + field.length;
    return value;
  }

  /** The row's last field. */
  last(): string {
    const { row, field } = this.#separators;
    const end = this.#text.indexOf(row, this.#at);
    const value = this.#text.slice(this.#at, end < 0 ? undefined : end);
    if (value.includes(field)) throw new SeparatorFound();
    this.#at = end < 0 ? this.#text.length : end + row.length;
    return value;
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
