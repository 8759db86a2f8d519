import { randomUUID } from "node:crypto";
import { CinelakeError, findError } from "@cinelake/contracts/errors";
import type { CommitOptions, CommitResult, StructField, TableContext } from "../api.ts";
import { filePlan, type FilePlan } from "../data/file_plan.ts";
import { parallel } from "../data/parallel.ts";
import { writeFiles, type WrittenFiles } from "../data/write_files.ts";
import { fileKey, removalOf, type Action, type AddFile } from "../log/actions.ts";
import { commit } from "../log/commit.ts";
import type { Intent, IsolationLevel } from "../log/conflict.ts";
import {
  checkWritable,
  constraintProperty,
  constraintsOf,
  hasInCommitTimestamps,
  isAppendOnly,
} from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { checkConstraints, rowConstraints } from "../schema/constraints.ts";
import { engineInfoOf, nowOf } from "./context.ts";
import { evolutionActions, evolve } from "./evolve.ts";

type Metrics = Readonly<Record<string, number>>;

/** What a writer has worked out from a state: the change of one commit. */
export interface Change {
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Beside those of the files written; a function of the files added takes their place. */
  readonly metrics: Metrics | ((added: readonly AddFile[]) => Metrics);
  /** The state with the description that the table is to have afterwards. */
  readonly next: TableState;
  /** Relations with the rows to write, in the columns of `next`; each becomes files of its own, and is done with when the next is asked for. */
  readonly rows: readonly string[] | AsyncIterable<string>;
  /** See FileSource; of all relations. */
  readonly mostPartitions?: number | undefined;
  /** Makes each relation one file (in each of its partitions), however large; default false: the table's target size cuts files. */
  readonly wholeFiles?: boolean;
  /** Relation with what the change data feed says of the commit: the columns and `_change_type`. */
  readonly feed?: string | undefined;
  readonly removes: readonly AddFile[];
  /** Files that are there already and come (back) into the table. */
  readonly adds?: readonly AddFile[];
  /** False if rows are only put into other files; default true. */
  readonly dataChange?: boolean;
  /** Rows that the caller gave, if not those that are written without the copied ones. */
  readonly changedRows?: number;
  /** Rows written that were there before; default 0. */
  readonly copiedRows?: number;
  readonly isBlindAppend: boolean;
  /** See Intent. */
  reads(file: AddFile): boolean;
  readonly readFiles: readonly AddFile[];
}

const CHANGE_TYPE: StructField = { name: "_change_type", type: "string", nullable: true, metadata: {} };

/**
 * What every write begins with: checks that need no data (protocol, transactions, constraints). Gives the state with the properties that the
 * commit sets.
 */
export async function beginWrite(
  context: TableContext,
  state: TableState,
  options: CommitOptions,
): Promise<TableState> {
  checkWritable(context.path, state);
  checkTransactions(context, state, options);
  const { schema, metadata } = state;
  checkProperties(metadata.configuration, options.configuration);
  await checkConstraints(context.engine, schema, rowConstraints(schema, metadata.configuration));
  return evolve(context, state, { configuration: options.configuration ?? {} });
}

/** Rows that are there must satisfy a new constraint, which only `alter` looks at. */
function checkProperties(own: Readonly<Record<string, string>>, set: CommitOptions["configuration"] = {}): void {
  for (const [name, sql] of constraintsOf(set)) {
    if (own[constraintProperty(name)] === sql) continue;
    throw new CinelakeError(
      "invalid_argument",
      `The property ${constraintProperty(name)} is a constraint: alter the table with addConstraints instead, which looks at the rows that are there.`,
    );
  }
}

function checkTransactions(context: TableContext, state: TableState, options: CommitOptions): void {
  const seen = new Set<string>();
  for (const { appId, version, expected } of options.transactions ?? []) {
    if (seen.has(appId)) throw new CinelakeError("invalid_argument", `The application ${appId} is there twice.`);
    if (!Number.isSafeInteger(version))
      throw new CinelakeError("invalid_argument", `${version} is no transaction version.`);
    seen.add(appId);
    const current = state.transactions.get(appId)?.version;
    if (current !== expected) {
      throw new CinelakeError(
        "delta_txn_conflict",
        `The application ${appId} stands at ${current ?? "no version"} in ${context.path}, not at ${expected ?? "no version"}.`,
        { details: { table: context.path, appId, current, expected } },
      );
    }
  }
}

/** Writes the change's files and commits them. Nothing is committed if nothing changes, unless `allowEmpty` is set. */
export async function commitChange(
  context: TableContext,
  state: TableState,
  change: Change,
  options: CommitOptions,
): Promise<CommitResult> {
  const { next, dataChange = true } = change;
  if (change.removes.length > 0 && dataChange && isAppendOnly(next.metadata)) {
    throw new CinelakeError("invalid_argument", `The table ${context.path} is append only (delta.appendOnly).`);
  }
  const now = nowOf(context);
  const keys: string[] = [];
  const discard = async (): Promise<void> => {
    await parallel(keys, (key) => context.store.delete(key).catch(() => undefined));
  };
  const written = await writeAll(context, change, keys).catch(async (error: unknown) => {
    await discard();
    throw error;
  });
  const removes = change.removes.map((file) => ({ ...removalOf(file, now), dataChange }));
  const adds: AddFile[] = [
    ...(change.adds ?? []).map((file) => ({ ...file, dataChange })),
    ...written.files.map((file) => ({ ...file, modificationTime: now, dataChange })),
  ];
  if (adds.length + removes.length === 0 && next.schema === state.schema && !options.allowEmpty) {
    return { version: state.version, committed: false, addedFiles: 0, removedFiles: 0, addedRows: 0 };
  }
  const actions: Action[] = [
    ...(options.transactions ?? []).map(({ appId, version }) => ({ txn: { appId, version, lastUpdated: now } })),
    ...removes.map((remove) => ({ remove })),
    ...adds.map((add) => ({ add })),
    ...written.feed.map(({ path, partitionValues, size }) => ({
      cdc: { path, partitionValues, size, dataChange: false },
    })),
  ];
  const metrics =
    typeof change.metrics === "function"
      ? change.metrics(adds)
      : { ...change.metrics, numFiles: adds.length, numOutputRows: written.rows, numOutputBytes: written.bytes };
  const intent = intentOf(context, state, change, options);
  const version = await commit(context, {
    readVersion: state.version,
    readTimestamp: state.timestamp,
    now,
    actions: (at, timestamp) => [...evolutionActions(state, next, at, timestamp), ...actions],
    intent,
    info: {
      timestamp: now,
      operation: change.operation,
      operationParameters: change.parameters,
      readVersion: state.version,
      isolationLevel: intent.isolation,
      isBlindAppend: change.isBlindAppend,
      operationMetrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])),
      engineInfo: engineInfoOf(context),
      txnId: randomUUID(),
      ...(options.userMetadata === undefined ? {} : { userMetadata: options.userMetadata }),
    },
    hasTimestamp: hasInCommitTimestamps(next.metadata),
    guard: options.guard,
  }).catch(async (error: unknown) => {
    // Only a conflict is sure not to have been committed.
    if (findError(error, "delta_conflict", "delta_txn_conflict")) await discard();
    throw error;
  });
  const addedRows = change.changedRows ?? written.rows - (change.copiedRows ?? 0);
  return { version, committed: true, addedFiles: adds.length, removedFiles: removes.length, addedRows };
}

function intentOf(context: TableContext, state: TableState, change: Change, options: CommitOptions): Intent {
  const { next, dataChange = true } = change;
  return {
    isolation: dataChange ? isolationOf(state) : "SnapshotIsolation",
    reads: (file) => change.reads(file),
    readFiles: new Set(change.readFiles.map(fileKey)),
    removedFiles: new Set(change.removes.map(fileKey)),
    applications: new Set(options.transactions?.map(({ appId }) => appId)),
    domains: new Set(),
    protocol: state.protocol,
    changesProtocol: next.protocol !== state.protocol,
    changesMetadata: next.metadata !== state.metadata,
    canWrite: (protocol) => isWritable(context.path, { ...state, protocol }),
  };
}

/** The table's `delta.isolationLevel`; `Serializable` unless it says `WriteSerializable`. */
function isolationOf({ metadata }: TableState): IsolationLevel {
  const level = metadata.configuration["delta.isolationLevel"]?.toLowerCase();
  return level === "writeserializable" ? "WriteSerializable" : "Serializable";
}

function isWritable(table: string, state: TableState): boolean {
  try {
    checkWritable(table, state);
    return true;
  } catch (error) {
    if (findError(error, "delta_unsupported")) return false;
    throw error;
  }
}

interface AllFiles extends WrittenFiles {
  readonly feed: WrittenFiles["files"];
}

async function writeAll(context: TableContext, change: Change, keys: string[]): Promise<AllFiles> {
  const { next, rows, feed, wholeFiles = false, mostPartitions } = change;
  const files: WrittenFiles["files"][number][] = [];
  let [count, bytes] = [0, 0];
  let plan: FilePlan | undefined;
  for await (const relation of rows) {
    plan ??= await filePlan(context, next);
    const sized = wholeFiles ? { ...plan, targetFileSize: Number.MAX_SAFE_INTEGER } : plan;
    const written = await writeFiles(context, { relation, mostPartitions }, sized, "", keys);
    files.push(...written.files);
    count += written.rows;
    bytes += written.bytes;
  }
  if (feed === undefined) return { files, rows: count, bytes, feed: [] };
  const feedPlan = await filePlan(context, next, [CHANGE_TYPE]);
  const changes = await writeFiles(context, { relation: feed, mostPartitions }, feedPlan, "_change_data/", keys);
  return { files, rows: count, bytes, feed: changes.files };
}
