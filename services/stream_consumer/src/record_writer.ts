import { findError } from "@cinelake/contracts";
import type { Consumer, Offsets } from "@cinelake/event_log";
import { retryDelay } from "@cinelake/runtime";
import { createBuffer, type RecordBuffer } from "./buffer.ts";
import type { MembershipContext } from "./membership.ts";

/** Brings what a membership has read to the tables, one flush after the other, while reading goes on. */
export interface RecordWriter {
  readonly buffer: RecordBuffer;
  /** Records that may be read now; 0 when so much waits that reading must pause until a flush is done. */
  room(): number;
  /** Starts a flush if one is due and none is under way. */
  flushIfDue(consumer: Consumer): void;
  /** Writes all that has been read by now; gives what went wrong, after which it is tried again. */
  flush(consumer: Consumer): Promise<unknown>;
  /** Writes all that has been read by now, once; what goes wrong is `fatal`. */
  writeOnce(): Promise<void>;
  /** Resolves when no flush is under way, or after `milliseconds`. */
  idle(milliseconds: number): Promise<void>;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
  /** What makes this membership useless: its records have to be read again. */
  fatal(): { readonly error: unknown } | undefined;
  hasFailed(): boolean;
}

/** A flush that fails keeps its records. One that another writer has overtaken (`delta_txn_conflict`) is the end of this membership. */
export function createRecordWriter({ ports, options, flusher, report }: MembershipContext): RecordWriter {
  const { logger, clock } = ports;
  const buffer = createBuffer();
  let writing: Promise<unknown> = Promise.resolve();
  let running: Promise<unknown> | undefined;
  /** Records of the buffer that a flush is writing. */
  let taken = { rows: 0, bytes: 0 };
  let failures = 0;
  let retryAt = 0;
  let fatal: { readonly error: unknown } | undefined;

  /** The group may take partitions away at any time, also during a flush: one writes after the other. */
  function write(): Promise<Offsets> {
    const work = async (): Promise<Offsets> => {
      const { rows, bytes } = buffer;
      if (rows === 0) return new Map();
      taken = { rows, bytes };
      try {
        const written = await flusher.write(buffer.byTopic());
        buffer.drop(rows);
        return written;
      } finally {
        taken = { rows: 0, bytes: 0 };
      }
    };
    const turn = writing.then(work);
    writing = turn.catch(() => undefined);
    return turn;
  }

  async function flush(consumer: Consumer): Promise<unknown> {
    try {
      const written = await write();
      failures = 0;
      report(undefined);
      if (written.size > 0) await commitForLagTools(ports, consumer, written);
      return undefined;
    } catch (error) {
      if (findError(error, "delta_txn_conflict")) {
        fatal ??= { error };
        return error;
      }
      failures++;
      const delay = retryDelay(failures, { delays: options.retryDelaysMs });
      retryAt = clock() + delay;
      for (const topic of buffer.byTopic().keys())
        ports.metrics?.counter("cinelake_stream_flushes_failed_total").inc({ topic });
      report(`flush failed ${failures} times, ${buffer.rows} records wait: ${messageOf(error)}`);
      logger.error({ err: error, failures, retry_in_ms: Math.round(delay) }, "flush failed; its records are kept");
      return error;
    }
  }

  const room = (): number =>
    buffer.bytes - taken.bytes >= options.flushBytes ? 0 : Math.max(0, options.flushRows - (buffer.rows - taken.rows));
  const isDue = (): boolean =>
    room() === 0 || (buffer.oldest !== undefined && clock() - buffer.oldest >= options.flushIntervalMs);

  return {
    buffer,
    room,
    flush,
    flushIfDue(consumer) {
      if (running || fatal || !isDue() || clock() < retryAt) return;
      running = flush(consumer).finally(() => (running = undefined));
    },
    async writeOnce() {
      try {
        if (!fatal) await write();
      } catch (error) {
        fatal ??= { error };
      }
    },
    async idle(milliseconds) {
      const timer = Promise.withResolvers<void>();
      const timeout = setTimeout(timer.resolve, milliseconds);
      await Promise.race([running ?? timer.promise, timer.promise]);
      clearTimeout(timeout);
    },
    async settled() {
      await writing;
    },
    fatal: () => fatal,
    hasFailed: () => failures > 0,
  };
}

/** Nothing depends on the group's offsets, so a failure is only logged. */
async function commitForLagTools(
  { logger }: MembershipContext["ports"],
  consumer: Consumer,
  written: Offsets,
): Promise<void> {
  try {
    await consumer.commit(written);
  } catch (error) {
    logger.warn({ err: error }, "the group's offsets could not be committed; lag tools show too much");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
