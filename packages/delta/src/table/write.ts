import { randomUUID } from "node:crypto";
import { CinelakeError, findError } from "@cinelake/contracts";
import type { CommitOptions, CommitResult, TableContext } from "../api.ts";
import { targetFileSize } from "../data/copy_sql.ts";
import { writeFiles, type WrittenFiles } from "../data/write_files.ts";
import { fileKey, removalOf, type Action, type AddFile, type Metadata } from "../log/actions.ts";
import { commit } from "../log/commit.ts";
import { checkWritable, isAppendOnly } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { engineInfoOf, nowOf } from "./context.ts";

/** What a writer has worked out from a state: the change of one commit. */
export interface Change {
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Relation with the rows to write, undefined for none. */
  readonly rows: string | undefined;
  readonly removes: readonly AddFile[];
  /** Rows that the caller gave, if not all that are written. */
  readonly changedRows?: number;
  readonly isBlindAppend: boolean;
  /** See Intent. */
  reads(file: AddFile): boolean;
  readonly readFiles: readonly AddFile[];
}

/** Checks that need no data: protocol, transactions. Call before any work. */
export function checkWrite(context: TableContext, state: TableState, options: CommitOptions): void {
  checkWritable(context.path, state);
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
  columnTypes: ReadonlyMap<string, string>,
  change: Change,
  options: CommitOptions,
): Promise<CommitResult> {
  const now = nowOf(context);
  const { schema, metadata } = state;
  const { partitionColumns, configuration } = metadata;
  if (change.removes.length > 0 && isAppendOnly(metadata)) {
    throw new CinelakeError("invalid_argument", `The table ${context.path} is append only (delta.appendOnly).`);
  }
  const newMetadata = withConfiguration(context, state, options.configuration);
  const plan = { schema, partitionColumns, columnTypes, targetFileSize: targetFileSize(configuration) };
  const written = change.rows === undefined ? noFiles : await writeFiles(context, change.rows, plan, now);
  const { adds } = written;
  const removes = change.removes.map((file) => removalOf(file, now));
  if (adds.length + removes.length === 0 && !options.allowEmpty) {
    return { version: state.version, committed: false, addedFiles: 0, removedFiles: 0, addedRows: 0 };
  }
  const actions: Action[] = [
    ...(newMetadata ? [{ metaData: newMetadata }] : []),
    ...(options.transactions ?? []).map(({ appId, version }) => ({ txn: { appId, version, lastUpdated: now } })),
    ...removes.map((remove) => ({ remove })),
    ...adds.map((add) => ({ add })),
  ];
  const metrics = {
    ...change.metrics,
    numFiles: adds.length,
    numOutputRows: written.rows,
    numOutputBytes: written.bytes,
  };
  const info = {
    timestamp: now,
    operation: change.operation,
    operationParameters: change.parameters,
    readVersion: state.version,
    isolationLevel: "Serializable",
    isBlindAppend: change.isBlindAppend,
    operationMetrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])),
    engineInfo: engineInfoOf(context),
    txnId: randomUUID(),
    ...(options.userMetadata === undefined ? {} : { userMetadata: options.userMetadata }),
  };
  const intent = {
    reads: change.reads,
    readFiles: new Set(change.readFiles.map(fileKey)),
    removedFiles: new Set(removes.map(fileKey)),
    applications: new Set(options.transactions?.map(({ appId }) => appId)),
  };
  const version = await commit(context, { readVersion: state.version, actions, intent, info }).catch(
    async (error: unknown) => {
      // Only a conflict is sure not to have been committed.
      if (findError(error, "delta_conflict", "delta_txn_conflict")) await written.discard();
      throw error;
    },
  );
  const addedRows = change.changedRows ?? written.rows;
  return { version, committed: true, addedFiles: adds.length, removedFiles: removes.length, addedRows };
}

const noFiles: WrittenFiles = { adds: [], rows: 0, bytes: 0, discard: async () => {} };

/** The metadata with properties set, undefined if that changes nothing. */
function withConfiguration(
  context: TableContext,
  state: TableState,
  changes: Readonly<Record<string, string>> = {},
): Metadata | undefined {
  const { configuration } = state.metadata;
  if (Object.entries(changes).every(([name, value]) => configuration[name] === value)) return undefined;
  const metadata = { ...state.metadata, configuration: { ...configuration, ...changes } };
  checkWritable(context.path, { ...state, metadata });
  return metadata;
}
