import type {
  AlterOptions,
  At,
  ChangeRange,
  CommitOptions,
  CommitResult,
  DeltaTable,
  HistoryEntry,
  OptimizeOptions,
  OptimizeResult,
  OverwriteOptions,
  ReadOptions,
  RestoreResult,
  Row,
  RowFilter,
  TableDescription,
  UpdateOptions,
  VacuumOptions,
  VacuumResult,
  WriteOptions,
  MergeOptions,
  Snapshot,
  Source,
  TableContext,
} from "../api.ts";
import { cleanLog } from "../log/cleanup.ts";
import { writeCheckpoint } from "../log/checkpoint_write.ts";
import { loadState, loadWithTombstones, refreshState } from "../log/load.ts";
import { versionNotFound } from "../log/segment.ts";
import { versionAt } from "../log/version_at.ts";
import type { TableState } from "../log/state.ts";
import { alter } from "./alter.ts";
import { append } from "./append.ts";
import { changes } from "./changes.ts";
import { nowOf } from "./context.ts";
import { deleteRows } from "./delete.ts";
import { history } from "./history.ts";
import { describeTable } from "./describe.ts";
import { merge } from "./merge.ts";
import { optimize } from "./optimize.ts";
import { overwrite } from "./overwrite.ts";
import { restore } from "./restore.ts";
import { snapshotOf } from "./snapshot.ts";
import { update } from "./update.ts";
import { vacuum } from "./vacuum.ts";

/** The façade: keeps the last state it has seen, so that only newer commits are read. */
export class Table implements DeltaTable {
  readonly path: string;
  readonly #context: TableContext;
  #state: TableState;

  constructor(context: TableContext, state: TableState) {
    this.path = context.path;
    this.#context = context;
    this.#state = state;
  }

  async snapshot(at?: At): Promise<Snapshot> {
    const latest = await this.#latest();
    return snapshotOf(this.#context, at ? await this.#stateAt(latest, at) : latest);
  }

  append(source: Source, options: WriteOptions = {}): Promise<CommitResult> {
    return this.#write((state) => append(this.#context, state, source, options));
  }

  overwrite(source: Source, options: OverwriteOptions = {}): Promise<CommitResult> {
    return this.#write((state) => overwrite(this.#context, state, source, options));
  }

  delete(options: CommitOptions & RowFilter = {}): Promise<CommitResult> {
    return this.#write((state) => deleteRows(this.#context, state, options));
  }

  update(options: UpdateOptions): Promise<CommitResult> {
    return this.#write((state) => update(this.#context, state, options));
  }

  merge(source: Source, options: MergeOptions): Promise<CommitResult> {
    return this.#write((state) => merge(this.#context, state, source, options));
  }

  alter(options: AlterOptions): Promise<CommitResult> {
    return this.#write((state) => alter(this.#context, state, options));
  }

  optimize(options: OptimizeOptions = {}): Promise<OptimizeResult> {
    return this.#write((state) => optimize(this.#context, state, options));
  }

  async vacuum(options: VacuumOptions = {}): Promise<VacuumResult> {
    const { dryRun, deletedFiles, deletedBytes } = await this.#write(() => vacuum(this.#context, options));
    return { dryRun, deletedFiles, deletedBytes };
  }

  restore(at: At): Promise<RestoreResult> {
    return this.#write(async (state) => {
      const old = await this.#stateAt(state, at);
      const parameters = Object.fromEntries(Object.entries(at).map(([name, value]) => [name, String(value)]));
      const result = await restore(this.#context, state, old, parameters);
      return { ...result, restoredVersion: old.version };
    });
  }

  async *changes(range: ChangeRange, options: ReadOptions = {}): AsyncIterable<Row[]> {
    yield* changes(this.#context, await this.#latest(), range, options);
  }

  async describe(): Promise<TableDescription> {
    return describeTable(this.#context, await this.#latest());
  }

  async checkpoint(): Promise<void> {
    await this.#checkpoint((await this.#latest()).version);
  }

  async history(limit?: number): Promise<HistoryEntry[]> {
    return history(this.#context, await this.#latest(), limit);
  }

  async #latest(): Promise<TableState> {
    const state = await refreshState(this.#context, this.#state);
    if (state.version > this.#state.version) this.#state = state;
    return state;
  }

  async #stateAt(latest: TableState, at: At): Promise<TableState> {
    const version = "version" in at ? at.version : await versionAt(this.#context, latest, at.timestamp);
    if (!Number.isSafeInteger(version) || version < 0)
      throw versionNotFound(this.path, version, "versions are 0, 1, 2, …");
    return version === latest.version ? latest : ((await loadState(this.#context, version)) ?? latest);
  }

  async #write<T extends { readonly version: number; readonly committed: boolean }>(
    work: (state: TableState) => Promise<T>,
  ): Promise<T> {
    const state = await this.#latest();
    const result = await work(state);
    const interval = Number(state.metadata.configuration["delta.checkpointInterval"] ?? 10);
    if (result.committed && interval > 0 && result.version % interval === 0) await this.#checkpoint(result.version);
    return result;
  }

  /** The commit stands whatever becomes of its checkpoint, which only makes reading faster. */
  async #checkpoint(version: number): Promise<void> {
    try {
      const loaded = await loadWithTombstones(this.#context, version);
      if (!loaded) return;
      await writeCheckpoint(this.#context, loaded, nowOf(this.#context));
      await cleanLog(this.#context, loaded.state, nowOf(this.#context));
    } catch (error) {
      this.#context.onCheckpointError?.(error);
    }
  }
}
