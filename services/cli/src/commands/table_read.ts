import type { At, DeltaTable, Predicate, Row, Snapshot, SqlEngine } from "@cinelake/delta";
import { UsageError } from "../arguments.ts";
import type { CommandResult, LoneCommand, LoneContext, OptionValues } from "../command.ts";
import { writeFileWhole, writeOut, writeOutFile, writePieces } from "./table_output.ts";
import { PATH_HELP, withTable } from "./table_place.ts";
import { csvHeader, csvLine, jsonLine } from "./table_rows.ts";
import { atOf, atOptions, namesOf, predicatesOf, whereOption } from "./table_where.ts";

export const tableReadCommand: LoneCommand = {
  name: "table read",
  summary: `Prints a Delta table's rows, one JSON object a line, and nothing else. ${PATH_HELP}`,
  arguments: ["PATH"],
  options: {
    ...atOptions,
    columns: { type: "string", description: "only these columns, a,b" },
    where: whereOption,
    limit: { type: "integer", description: "at most so many rows" },
    format: { type: "string", description: "what rows become", choices: ["jsonl", "csv", "parquet"], default: "jsonl" },
    output: { type: "path", description: "a file instead of standard output" },
    changes: { type: "boolean", description: "what changed instead of the rows: from version --from to --to" },
    from: { type: "integer", description: "first version whose changes are printed" },
    to: { type: "integer", description: "last version whose changes are printed; default the latest" },
    "outside-files": {
      type: "boolean",
      description: "also data files that the table names outside of its folder's parent",
    },
  },
  async runAlone(context) {
    const { options, stdout } = context;
    const asked = { at: atOf(options), range: changesOf(options) };
    if (options.format === "parquet" && options.output === undefined && stdout.isTTY)
      throw new UsageError("table read: Parquet is no text for a terminal; give --output FILE, or send it into a pipe");
    return withTable(context, "read", async (table, { engine }) =>
      print(context, await selected(context, table, asked), engine),
    );
  },
};

/** What is to be printed. */
interface Selection {
  readonly columns: readonly string[];
  readonly where: readonly Predicate[];
  /** Infinity for all. */
  readonly limit: number;
  readonly snapshot: Snapshot;
  read(): AsyncIterable<Row[]>;
}

async function selected({ options }: LoneContext, table: DeltaTable, { at, range }: Asked): Promise<Selection> {
  const snapshot = await table.snapshot(range?.toVersion === undefined ? at : { version: range.toVersion });
  const where = predicatesOf(options, snapshot.schema);
  const columns = namesOf(options.columns) ?? snapshot.schema.fields.map(({ name }) => name);
  return {
    columns: range ? [...columns, ...CHANGE_COLUMNS] : columns,
    where,
    limit: (options.limit as number | undefined) ?? Infinity,
    snapshot,
    read: () => (range ? table.changes(range, { columns, where }) : snapshot.read({ columns, where })),
  };
}

const CHANGE_COLUMNS = ["_change_type", "_commit_version", "_commit_timestamp"];

/** The range that --changes asks for; undefined where rows are. */
function changesOf({ changes, from, to, version, timestamp, format }: OptionValues): VersionRange | undefined {
  if (changes !== true) {
    if (from !== undefined || to !== undefined) throw new UsageError("table read: --from and --to go with --changes");
    return undefined;
  }
  if (from === undefined) throw new UsageError("table read: --changes needs --from VERSION");
  if (version !== undefined || timestamp !== undefined)
    throw new UsageError("table read: --changes goes with --from and --to, not with --version or --timestamp");
  if (format === "parquet") throw new UsageError("table read: changes are printed as jsonl or csv");
  return { fromVersion: from as number, ...(to === undefined ? {} : { toVersion: to as number }) };
}

interface VersionRange {
  readonly fromVersion: number;
  readonly toVersion?: number;
}

/** Which version, or what changes, the options name. */
interface Asked {
  readonly at: At | undefined;
  readonly range: VersionRange | undefined;
}

async function print(
  { options, stdout, signal }: LoneContext,
  selection: Selection,
  engine: SqlEngine,
): Promise<CommandResult> {
  const output = options.output as string | undefined;
  const count = { rows: 0 };
  if (options.format === "parquet") {
    const write = async (path: string): Promise<void> =>
      void (count.rows = await writeParquet(selection, engine, path));
    await (output === undefined ? writeOutFile(write, stdout, signal) : writeFileWhole(output, write));
  } else {
    const pieces = options.format === "csv" ? csvPieces(selection, count) : jsonPieces(selection, count);
    await (output === undefined
      ? writeOut(pieces, stdout, signal)
      : writeFileWhole(output, (path) => writePieces(pieces, path, signal)));
  }
  if (output === undefined) return { json: undefined, text: "" };
  return { json: { rows: count.rows, output }, text: `${count.rows} rows in ${output}` };
}

/** Lines in pieces of some thousand, so that a pipe is not written to row by row. */
async function* lines(
  { limit, read }: Selection,
  count: { rows: number },
  line: (row: Readonly<Record<string, unknown>>) => string,
): AsyncGenerator<string> {
  if (limit === 0) return;
  for await (const batch of read()) {
    const wanted = batch.slice(0, limit - count.rows);
    count.rows += wanted.length;
    if (wanted.length > 0) yield wanted.map(line).join("");
    if (count.rows >= limit) return;
  }
}

function jsonPieces(selection: Selection, count: { rows: number }): AsyncGenerator<string> {
  return lines(selection, count, (row) => `${jsonLine(row)}\n`);
}

async function* csvPieces(selection: Selection, count: { rows: number }): AsyncGenerator<string> {
  yield `${csvHeader(selection.columns)}\r\n`;
  yield* lines(selection, count, (row) => `${csvLine(row, selection.columns)}\r\n`);
}

/** Gives the number of rows. */
async function writeParquet(
  { snapshot, columns, where, limit }: Selection,
  engine: SqlEngine,
  path: string,
): Promise<number> {
  await using scan = await snapshot.scan({ columns, where });
  const rows = `SELECT * FROM ${scan.sql}${limit === Infinity ? "" : ` LIMIT ${limit}`}`;
  const target = `'${path.replaceAll("'", "''")}'`;
  const [written] = await engine.rows<{ Count: number }>(
    `COPY (${rows}) TO ${target} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return written?.Count ?? 0;
}
