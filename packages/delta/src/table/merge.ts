import { CinelakeError } from "@cinelake/contracts";
import type { CommitResult, MergeOptions, Predicate, Source, StructType, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile } from "../log/actions.ts";
import type { TableState } from "../log/state.ts";
import { predicateSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { fieldOf } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import { canonicalTypes } from "./context.ts";
import {
  duplicateKeySql,
  insertsSql,
  matchesSql,
  POSITION,
  rewriteSql,
  touchedFilesSql,
  type MergeSql,
} from "./merge_sql.ts";
import { dropTable, sourceRelation, temporaryName } from "./source.ts";
import { checkWrite, commitChange } from "./write.ts";

/** See DeltaTable.merge: rewrites only files with a row that changes. */
export async function merge(
  context: TableContext,
  state: TableState,
  source: Source,
  options: MergeOptions,
): Promise<CommitResult> {
  checkWrite(context, state, options);
  const { engine } = context;
  const { schema, metadata } = state;
  const { partitionColumns } = metadata;
  if (options.key.length === 0) throw new CinelakeError("invalid_argument", "A merge needs a key column at least.");
  for (const name of options.key) fieldOf(schema, name);
  const names: MergeSql = {
    columns: schema.fields.map((field) => field.name),
    key: options.key,
    source: temporaryName("source"),
    matches: temporaryName("matches"),
    updateWhen: options.updateWhen ?? "true",
    where: predicateSql(options.where ?? [], schema, "target"),
  };
  const types = await canonicalTypes(engine, schema);
  try {
    await loadSource(engine, source, state, types, names);
    const narrowed = [...(options.where ?? []), ...(await keyRange(engine, names, schema, partitionColumns))];
    const layout = { schema, partitionColumns };
    const candidates = Array.from(state.files.values()).filter((file) => mayMatch(narrowed, file, layout));
    await using target = await openRows(context, state, candidates);
    await engine.run(matchesSql(target.relation({ position: POSITION }), names));
    const touched = await engine.rows<{ file: number; rows: number }>(touchedFilesSql(names));
    const [inserts] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM (${insertsSql(names)})`);
    const indexes = touched.map(({ file }) => file);
    const removes = indexes.map((index) => candidates[index]!);
    const rewritten = rewriteSql(target.relation({ files: indexes, position: POSITION }), names);
    const updated = touched.reduce((sum, { rows }) => sum + rows, 0);
    const inserted = inserts!.rows;
    const parts = [...(updated > 0 ? [rewritten] : []), ...(inserted > 0 ? [insertsSql(names)] : [])];
    const change = {
      operation: "MERGE",
      parameters: {
        predicate: JSON.stringify(options.key.map((name) => `source.${name} <=> target.${name}`)),
        matchedPredicates: JSON.stringify([{ predicate: names.updateWhen, actionType: "update" }]),
        notMatchedPredicates: JSON.stringify([{ actionType: "insert" }]),
      },
      metrics: {
        numTargetRowsUpdated: updated,
        numTargetRowsInserted: inserted,
        numTargetFilesRemoved: removes.length,
      },
      rows: parts.length > 0 ? `(${parts.join(" UNION ALL ")})` : undefined,
      removes,
      changedRows: updated + inserted,
      isBlindAppend: false,
      reads: (file: AddFile) => mayMatch(narrowed, file, layout),
      readFiles: candidates,
    };
    return await commitChange(context, state, types, change, options);
  } finally {
    await dropTable(engine, names.source);
    await dropTable(engine, names.matches);
  }
}

async function loadSource(
  engine: SqlEngine,
  source: Source,
  { schema, metadata }: TableState,
  types: ReadonlyMap<string, string>,
  names: MergeSql,
): Promise<void> {
  await using relation = await sourceRelation(engine, source, schema, metadata.partitionColumns, types);
  await engine.run(`CREATE TEMP TABLE ${quoteName(names.source)} AS SELECT * FROM ${relation.sql}`);
  const [twice] = await engine.rows(duplicateKeySql(names));
  if (!twice) return;
  const key = JSON.stringify(twice, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  throw new CinelakeError("invalid_argument", `The source of the merge holds the key ${key} more than once.`, {
    details: { key: twice },
  });
}

const maxListedValues = 1000;
const RANGED = new Set(["byte", "short", "integer", "long", "string", "date", "timestamp", "timestamp_ntz"]);

/** What the target's rows must satisfy to match a key of the source: for pruning. */
async function keyRange(
  engine: SqlEngine,
  { key, source }: MergeSql,
  schema: StructType,
  partitionColumns: readonly string[],
): Promise<Predicate[]> {
  const predicates: Predicate[] = [];
  for (const column of key) {
    const { type } = fieldOf(schema, column);
    if (typeof type !== "string" || !RANGED.has(type)) continue;
    const name = quoteName(column);
    const [range] = await engine.rows<{ low: unknown; high: unknown; nulls: number; different: number }>(
      `SELECT min(${name}) AS low, max(${name}) AS high, count(*) - count(${name}) AS nulls, approx_count_distinct(${name}) AS different FROM ${quoteName(source)}`,
    );
    if (range!.nulls > 0 || range!.low === null) continue;
    if (partitionColumns.includes(column) && range!.different <= maxListedValues) {
      const rows = await engine.rows<{ value: unknown }>(`SELECT DISTINCT ${name} AS value FROM ${quoteName(source)}`);
      predicates.push({ column, op: "in", value: rows.map((row) => row.value) });
    } else {
      predicates.push({ column, op: ">=", value: range!.low }, { column, op: "<=", value: range!.high });
    }
  }
  return predicates;
}
