import type { DeltaTable, ReadOptions, Snapshot, SqlEngine } from "@cinelake/delta";
import { UsageError } from "../arguments.ts";
import type { CommandResult, LoneCommand, LoneContext } from "../command.ts";
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
    "outside-files": {
      type: "boolean",
      description: "also data files that the table names outside of its folder's parent",
    },
  },
  async runAlone(context) {
    const { options, stdout } = context;
    const at = atOf(options);
    if (options.format === "parquet" && options.output === undefined && stdout.isTTY)
      throw new UsageError("table read: Parquet is no text for a terminal; give --output FILE, or send it into a pipe");
    return withTable(context, "read", async (table, { engine }) =>
      print(context, await selected(context, table, at), engine),
    );
  },
};

interface Selection extends ReadOptions {
  readonly snapshot: Snapshot;
  readonly columns: readonly string[];
  /** Infinity for all. */
  readonly limit: number;
}

async function selected({ options }: LoneContext, table: DeltaTable, at: ReturnType<typeof atOf>): Promise<Selection> {
  const snapshot = await table.snapshot(at);
  return {
    snapshot,
    where: predicatesOf(options, snapshot.schema),
    columns: namesOf(options.columns) ?? snapshot.schema.fields.map(({ name }) => name),
    limit: (options.limit as number | undefined) ?? Infinity,
  };
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
  { snapshot, limit, columns, where = [] }: Selection,
  count: { rows: number },
  line: (row: Readonly<Record<string, unknown>>) => string,
): AsyncGenerator<string> {
  if (limit === 0) return;
  for await (const batch of snapshot.read({ columns, where })) {
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
  { snapshot, columns, where = [], limit }: Selection,
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
