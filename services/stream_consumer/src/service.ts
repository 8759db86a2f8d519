import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError, EVENT_TOPICS, findError } from "@cinelake/contracts";
import { retryDelay, sparingly, type Service } from "@cinelake/runtime";
import { startCompaction } from "./compaction.ts";
import { createFlusher, type Flusher } from "./flush.ts";
import { consume, startOffsets, type FlushRequest } from "./membership.ts";
import { resolvePorts, withDefaults, type StreamOptions, type StreamPorts } from "./ports.ts";
import { openTopicTables } from "./topic_tables.ts";

export interface StreamConsumer extends Service {
  /**
   * Resolves when every event of this member's partitions that was in the log at the call is in the tables; rejects if the flush for
   * it fails or the service ends. A member that holds no partition yet waits until it does.
   */
  flush(): Promise<void>;
}

/**
 * Moves events from the log to Bronze and Silver, each event once whatever crashes in between: the offsets lie in each table's own
 * commits, and reading starts from those. `start` fails with `table_ahead_of_log` or `topic_unknown`; later trouble is retried for ever
 * and told by `health`, but for `table_ahead_of_log`, which ends the work.
 */
export function createStreamConsumer(deps: StreamPorts, settings: StreamOptions = {}): StreamConsumer {
  const ports = resolvePorts(deps);
  const options = withDefaults(settings);
  const requests: FlushRequest[] = [];
  let starting: Promise<void> | undefined;
  let running: Promise<void> | undefined;
  const stopped = new AbortController();
  let ended = false;
  let problem: string | undefined;

  async function begin(): Promise<void> {
    await using opened = new AsyncDisposableStack();
    const engines = {
      bronze: opened.use(await ports.engine.session()),
      silver: opened.use(await ports.engine.session()),
    };
    const tables = await openTopicTables(ports.store, engines);
    const flusher = await createFlusher(ports, tables);
    const partitions = await partitionsOf(ports.log);
    await startOffsets(ports, flusher, partitions);
    const compaction = startCompaction(ports, options, opened.use(await ports.engine.session()), tables);
    opened.defer(() => compaction.stop());
    const resources = opened.move();
    running = run(flusher).finally(() => resources.disposeAsync());
  }

  async function run(flusher: Flusher): Promise<void> {
    const report = (text: string | undefined): void => void (problem = text);
    const tell = sparingly((error) =>
      ports.logger.warn({ err: error }, "reading starts anew from the tables' offsets until it works"),
    );
    const stopping = (): boolean => stopped.signal.aborted;
    for (let failures = 0; !stopping();) {
      const began = ports.clock();
      try {
        await consume({ ports, options, flusher, requests, report, stopping });
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        if (findError(error, "table_ahead_of_log")) {
          ports.logger.error({ err: error }, "stream_consumer stops");
          return refuseAll(error);
        }
        failures = ports.clock() - began > 60_000 ? 1 : failures + 1;
        const delay = retryDelay(failures, { delays: options.retryDelaysMs });
        tell(error);
        await sleep(delay, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
    refuseAll(notRunning());
  }

  function refuseAll(error: unknown): void {
    ended = true;
    for (const request of requests.splice(0)) request.reject(error);
  }

  return {
    name: "stream_consumer",
    start: () => (starting ??= begin()),
    async stop() {
      stopped.abort();
      await starting?.catch(() => undefined);
      await running;
    },
    health: async () => problem,
    async flush() {
      await starting;
      const { next } = await ports.log.offsets(EVENT_TOPICS);
      if (!running || ended) throw notRunning();
      await new Promise<void>((resolve, reject) => requests.push({ targets: next, resolve, reject }));
    },
  };
}

async function partitionsOf(log: StreamPorts["log"]): Promise<{ topic: string; partition: number }[]> {
  const topics = await log.topics();
  return EVENT_TOPICS.flatMap((topic) => {
    const partitions = topics.get(topic);
    if (partitions === undefined) {
      throw new CinelakeError(
        "topic_unknown",
        `The log has no topic ${topic}; ./cinelake serve and the API make the topics when they start`,
      );
    }
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  });
}

function notRunning(): CinelakeError {
  return new CinelakeError(
    "not_ready",
    "stream_consumer is not running; start it, or read its health for why it stopped",
  );
}
