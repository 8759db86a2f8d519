import { mkdir } from "node:fs/promises";
import { openCache, type Cache } from "@cinelake/cache";
import { allTopics } from "@cinelake/contracts";
import { openSqlEngine, type SqlEngine } from "@cinelake/delta";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { openMetadata, type Metadata } from "@cinelake/metadata";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import {
  collectProcessMetrics,
  createLogger,
  createMetrics,
  reportCacheLosses,
  type Logger,
  type Metrics,
} from "@cinelake/runtime";
import { openTracking, type Tracking } from "@cinelake/tracking";
import type { Configuration } from "./configuration.ts";
import { acquireOwnership, type Owner } from "./ownership.ts";

/** Every port of the platform, open, in one process. */
export interface House extends AsyncDisposable {
  readonly configuration: Configuration;
  readonly owner: Owner;
  readonly store: ObjectStore;
  readonly engine: SqlEngine;
  readonly log: EventLog;
  readonly cache: Cache;
  readonly metadata: Metadata;
  readonly tracking: Tracking;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Runs batch work alone: bootstrap, ETL and training never overlap within one process. */
  batch<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Opens the ports that the configuration names and makes the topics. Takes the data directory first, so a second process fails
 * with `data_dir_in_use` before it touches a file. Disposing closes everything in reverse order, the directory last.
 */
export async function openHouse(configuration: Configuration): Promise<House> {
  await using opened = new AsyncDisposableStack();
  await mkdir(configuration.dataDirectory, { recursive: true });
  const { owner } = opened.use(await acquireOwnership(configuration.dataDirectory));
  const logger = createLogger({ service: "cinelake", level: configuration.logLevel });
  const metrics = createMetrics();
  collectProcessMetrics(metrics);
  const store = opened.use(await openObjectStore(configuration.urls.lake));
  const engine = opened.use(await openSqlEngine({ memoryLimit: configuration.memoryLimit }));
  const log = opened.use(
    await openEventLog(configuration.urls.log, {
      onCut: (cut) => logger.warn(cut, "the end of the log was incomplete after a crash and has been cut off"),
    }),
  );
  await log.createTopics(allTopics());
  const cache = opened.use(
    await openCache(configuration.urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }),
  );
  const metadata = opened.use(await openMetadata(configuration.urls.metadata));
  const tracking = opened.use(await openTracking(configuration.urls.tracking, { metadata }));
  const resources = opened.move();
  return {
    configuration,
    owner,
    store,
    engine,
    log,
    cache,
    metadata,
    tracking,
    logger,
    metrics,
    batch: oneAtATime(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}
