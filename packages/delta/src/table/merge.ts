import { CinelakeError } from "@cinelake/contracts/errors";
import type { CommitResult, MergeOptions, Predicate, Source, TableContext } from "../api.ts";
import { openRows } from "../data/open_rows.ts";
import type { SqlEngine } from "../engine.ts";
import type { AddFile } from "../log/actions.ts";
import { hasChangeDataFeed } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { layoutOf, type Layout } from "../query/layout.ts";
import { predicateSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { explainRow } from "../schema/explain.ts";
import { fieldOf } from "../schema/types.ts";
import { quoteName } from "../sql/quote.ts";
import {
  duplicateKeySql,
  feedSql,
  insertsSql,
  matchesSql,
  rewriteSql,
  SOURCE_ROW,
  touchedFilesSql,
  type MergeSql,
} from "./merge_sql.ts";
import { dropTable, openSource, temporaryName } from "./source.ts";
import { POSITION } from "./touched.ts";
import { beginWrite, commitChange } from "./write.ts";

/** See DeltaTable.merge: rewrites only files with a row that changes. */
export async function merge(
  context: TableContext,
  state: TableState,
  source: Source,
  options: MergeOptions,
): Promise<CommitResult> {
  const begun = await beginWrite(context, state, options);
  const { engine } = context;
  if (options.key.length === 0) throw new CinelakeError("invalid_argument", "A merge needs a key column at least.");
  for (const name of options.key) fieldOf(state.schema, name);
  const [sourceTable, matches] = [temporaryName("source"), temporaryName("matches")];
  try {
    const next = await loadSource(context, source, begun, options, sourceTable);
    const names: MergeSql = {
      columns: next.schema.fields.map((field) => field.name),
      key: options.key,
      source: sourceTable,
      matches,
      updateWhen: options.updateWhen ?? "true",
      where: predicateSql(options.where ?? [], state.schema, "target"),
    };
    const layout = layoutOf(state);
    const narrowed = [...(options.where ?? []), ...(await keyRange(engine, names, layout))];
    const candidates = Array.from(state.files.values()).filter((file) => mayMatch(narrowed, file, layout));
    await using target = await openRows(context, next, candidates);
    await explainRow(engine.run(matchesSql(target.relation({ position: POSITION }), names)));
    const touched = await engine.rows<{ file: number; rows: number }>(touchedFilesSql(names));
    const [inserts] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${insertsSql(names)}`);
    const files = touched.map(({ file }) => file);
    const updated = touched.reduce((sum, { rows }) => sum + rows, 0);
    const inserted = inserts!.rows;
    const old = target.relation({ files, position: POSITION });
    const parts = [...(updated > 0 ? [rewriteSql(old, names)] : []), ...(inserted > 0 ? [insertsSql(names)] : [])];
    const removes = files.map((index) => candidates[index]!);
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
      next,
      rows: parts.length > 0 ? [`(${parts.map((part) => `SELECT * FROM ${part}`).join(" UNION ALL ")})`] : [],
      mostPartitions: files.length + updated * 2 + inserted,
      feed: hasChangeDataFeed(next.metadata) && updated > 0 ? feedSql(old, names) : undefined,
      removes,
      changedRows: updated + inserted,
      isBlindAppend: false,
      reads: (file: AddFile) => mayMatch(narrowed, file, layout),
      readFiles: candidates,
    };
    return await commitChange(context, state, change, options);
  } finally {
    await dropTable(engine, sourceTable);
    await dropTable(engine, matches);
  }
}

/** Loads the source into a temporary table; gives the state with the columns that the source adds. */
async function loadSource(
  { engine, ...context }: TableContext,
  source: Source,
  state: TableState,
  options: MergeOptions,
  table: string,
): Promise<TableState> {
  await using rows = await openSource({ engine, ...context }, source, state, options);
  await explainRow(
    engine.run(
      `CREATE TEMP TABLE ${quoteName(table)} AS SELECT *, row_number() OVER () AS ${SOURCE_ROW} FROM ${rows.sql}`,
    ),
  );
  const [twice] = await engine.rows(duplicateKeySql({ source: table, key: options.key }));
  if (!twice) return rows.next;
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
  { schema, partitionColumns }: Layout,
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
