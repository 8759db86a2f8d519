import { setTimeout as sleep } from "node:timers/promises";
import { findError, type TableName } from "@cinelake/contracts";
import type { DeltaTable, SqlEngine } from "@cinelake/delta";
import { openLakeTable } from "@cinelake/lake";
import type { ResolvedOptions, ResolvedPorts } from "./ports.ts";
import type { TopicTables } from "./topic_tables.ts";

/** Keeps the stream's tables from becoming a heap of small files. */
export interface Compaction {
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** So many files of about one size become one: rows are rewritten a few times in a table's life, and a partition keeps a few dozen files. */
const MIN_FILES = 8;
const VACUUM_MS = 24 * 3_600_000;

/**
 * Compacts every table that has a new version each `compactIntervalMs`, and deletes once a day what no version within the table's retention
 * needs. A commit changes no row and takes back none of another writer: whoever comes second plans anew, which here means the next time.
 */
export function startCompaction(
  ports: ResolvedPorts,
  { compactIntervalMs }: ResolvedOptions,
  engine: SqlEngine,
  tables: readonly TopicTables[],
): Compaction {
  const { logger, metrics, clock } = ports;
  const stopped = new AbortController();
  const seen = new Map<TableName, number>();
  const opened = new Map<TableName, DeltaTable>();
  let vacuumedAt = -Infinity;

  async function compact(name: TableName, table: DeltaTable): Promise<void> {
    const { version } = await table.snapshot();
    if (version === seen.get(name)) return;
    const result = await table.optimize({ minFiles: MIN_FILES });
    seen.set(name, result.version);
    if (!result.committed) return;
    metrics?.counter("cinelake_stream_files_compacted_total").inc({ table: name }, result.removedFiles);
    logger.info(
      { table: name, files: result.removedFiles, became: result.addedFiles },
      "small files became larger ones",
    );
  }

  async function attempt(name: TableName, work: () => Promise<unknown>): Promise<void> {
    if (stopped.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (findError(error, "delta_conflict")) return;
      logger.warn({ err: error, table: name }, "a table could not be compacted; trying again later");
    }
  }

  async function run(): Promise<void> {
    const names = tables.flatMap(({ bronze, silver }) => [bronze.name, silver.name]);
    for (;;) {
      await sleep(compactIntervalMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopped.signal.aborted) return;
      const isVacuumDue = clock() - vacuumedAt >= VACUUM_MS;
      if (isVacuumDue) vacuumedAt = clock();
      for (const name of names) {
        await attempt(name, async () => {
          const table = opened.get(name) ?? (await openLakeTable({ store: ports.store, engine }, name));
          opened.set(name, table);
          await compact(name, table);
          if (isVacuumDue) await table.vacuum();
        });
      }
    }
  }

  const running = compactIntervalMs > 0 ? run() : Promise.resolve();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
