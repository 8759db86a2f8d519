import { CinelakeError } from "@cinelake/contracts/errors";
import type { ChangeRange, ReadOptions, Row, StructField, TableContext } from "../api.ts";
import { withTypeChanges } from "../data/file_layout.ts";
import { rowWindows } from "../data/row_windows.ts";
import { fileKey, type Action, type AddFile } from "../log/actions.ts";
import { commitInfoOf } from "../log/commit_info.ts";
import { loadState, readCommit } from "../log/load.ts";
import { checkReadable, hasChangeDataFeed } from "../log/protocol.ts";
import { versionNotFound } from "../log/segment.ts";
import { metadataOf, type TableState } from "../log/state.ts";
import { fileTimes } from "../log/version_at.ts";
import { layoutOf } from "../query/layout.ts";
import { predicateSql } from "../query/predicates.ts";
import { mayMatch } from "../query/prune.ts";
import { mappingMode } from "../schema/column_mapping.ts";
import { fieldOf, parseSchema } from "../schema/types.ts";
import { unreadableColumn } from "../schema/widening.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import { isoTimestamp } from "../sql/read_values.ts";
import { planChanges, type ChangePart } from "./change_plan.ts";
import { versionRange } from "./change_range.ts";

const CHANGE_TYPE: StructField = { name: "_change_type", type: "string", nullable: false, metadata: {} };

/** A commit of the range. */
interface Commit {
  readonly version: number;
  readonly timestamp: number;
  readonly actions: readonly Action[];
}

/**
 * See DeltaTable.changes. All rows come in the schema of the range's last version. Fails with `invalid_argument` where that schema cannot read
 * an older file, and where a commit without a change data feed rewrote files, so that its changes cannot be told from rows it copied.
 */
export async function* changes(
  context: TableContext,
  latest: TableState,
  range: ChangeRange,
  options: ReadOptions,
): AsyncGenerator<Row[]> {
  const { from, to } = await versionRange(context, latest, range);
  if (to < from) return;
  const end = to === latest.version ? latest : await stateAt(context, to);
  checkReadable(context.path, end);
  const start = from === to ? end : await stateAt(context, from);
  checkReadable(context.path, start);
  const times = await fileTimes(context, latest);
  let { metadata } = start;
  for (let version = from; version <= to; version++) {
    const actions = await readCommit(context, version);
    if (!actions) throw versionNotFound(context.path, version, "its commit is not in the log any more");
    const protocol = actions.find((action) => action.protocol)?.protocol;
    if (protocol) checkReadable(context.path, { ...end, protocol });
    const changed = actions.find((action) => action.metaData)?.metaData;
    if (version === from && version > 0 && changed && actions.some(({ remove }) => remove?.dataChange)) {
      // Rows that it removed are those of the schema before.
      checkSchema(context, end, (await stateAt(context, version - 1)).metadata, version - 1);
    }
    if (changed) metadata = metadataOf(changed);
    if (changed || version === from) checkSchema(context, end, metadata, version);
    const commit = {
      version,
      timestamp: times.get(version) ?? commitInfoOf(actions)?.inCommitTimestamp ?? 0,
      actions,
    };
    const parts = await partsOf(context, commit, hasChangeDataFeed(metadata), end);
    for (const part of parts) yield* readPart(context, end, commit, part, options);
  }
}

async function stateAt(context: TableContext, version: number): Promise<TableState> {
  const state = await loadState(context, version);
  if (!state) throw versionNotFound(context.path, version, "its log is gone");
  return state;
}

function checkSchema({ path }: TableContext, end: TableState, metadata: TableState["metadata"], version: number): void {
  const older = parseSchema(metadata.schemaString);
  const column = unreadableColumn(end.schema, older, mappingMode(end.metadata.configuration));
  const isSame = metadata.partitionColumns.join("\n") === end.metadata.partitionColumns.join("\n");
  if (column === undefined && isSame) return;
  throw new CinelakeError(
    "invalid_argument",
    `The changes of ${path} at version ${version} cannot be read with the schema of version ${end.version}: ` +
      `${column === undefined ? "its partition columns were others" : `the column ${column} had another type`}. Read the versions before the change by a range of their own.`,
    { details: { table: path, version } },
  );
}

async function partsOf(
  context: TableContext,
  { version, actions }: Commit,
  hasFeed: boolean,
  end: TableState,
): Promise<readonly ChangePart[]> {
  const isUnsaid = actions.some(({ remove }) => remove?.dataChange && !remove.partitionValues);
  const needsState = isUnsaid && end.metadata.partitionColumns.length > 0;
  const before = needsState ? (await stateAt(context, version - 1)).files : new Map<string, AddFile>();
  const plan = planChanges(actions, (remove) => before.get(fileKey(remove))?.partitionValues ?? {});
  if (plan.isExact || hasFeed) return plan.parts;
  throw new CinelakeError(
    "invalid_argument",
    `The table ${context.path} kept no change data feed (delta.enableChangeDataFeed) at version ${version}, which rewrote files: ` +
      "its changes are not known. Read ranges without this version, and turn the feed on for those to come.",
    { details: { table: context.path, version } },
  );
}

async function* readPart(
  context: TableContext,
  end: TableState,
  { version, timestamp }: Commit,
  { changeType, files }: ChangePart,
  { columns: names, where = [] }: ReadOptions,
): AsyncGenerator<Row[]> {
  const columns = names?.map((name) => fieldOf(end.schema, name)) ?? end.schema.fields;
  const condition = predicateSql(where, end.schema);
  const layout = layoutOf(end);
  const wanted = files.filter((file) => mayMatch(where, file, layout));
  if (wanted.length === 0) return;
  const inFile = changeType === undefined;
  const fields = [...end.schema.fields.map(withTypeChanges), ...(inFile ? [CHANGE_TYPE] : [])];
  const list = [
    ...columns.map((field) => quoteName(field.name)),
    inFile ? CHANGE_TYPE.name : `${quoteText(changeType)} AS ${CHANGE_TYPE.name}`,
    `CAST(${version} AS BIGINT) AS _commit_version`,
    `CAST(${quoteText(isoTimestamp(BigInt(timestamp) * 1000n, "Z"))} AS TIMESTAMPTZ) AS _commit_timestamp`,
  ];
  for await (const rows of rowWindows(context, { ...end, schema: { ...end.schema, fields } }, wanted)) {
    await using session = await context.engine.session();
    const relation = rows.relation({ columns: inFile ? [...columns, CHANGE_TYPE] : columns, condition });
    yield* session.batches<Row>(`SELECT ${list.join(", ")} FROM ${relation}`);
  }
}
