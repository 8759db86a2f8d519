import {
  CinelakeError,
  CORRELATION_HEADER,
  DEAD_LETTER_TOPIC,
  findError,
  placeholderMovie,
  placeholderUser,
  type EventTopic,
} from "@cinelake/contracts";
import type { ApplicationTransaction, CommitResult } from "@cinelake/delta";
import { partitionKey, type Offsets } from "@cinelake/event_log";
import { openLakeTable } from "@cinelake/lake";
import { inSpan, type Span } from "@cinelake/runtime";
import { reasonClass } from "./dead_letter.ts";
import type { Decoded, DecodeTarget } from "./decode.ts";
import { freshRecords, planTopic, type Letter, type TopicPlan } from "./flush_plan.ts";
import { createPlaceholders } from "./placeholders.ts";
import type { ResolvedPorts } from "./ports.ts";
import { sampledTraces } from "./sampled_traces.ts";
import { commitEvents, commitRows, knownEvents, type StreamTable, type TopicTables } from "./topic_tables.ts";

/** Writes buffered records to the lake. */
export interface Flusher {
  readonly tables: ReadonlyMap<string, TopicTables>;
  /** What the records of a topic are decoded for. */
  targetOf(topic: string): DecodeTarget;
  /**
   * Brings all records into the tables: dead letters first, then placeholders, then the topics' tables, each commit with its
   * own offsets. Records that a table has are skipped, so a flush that failed half-way is simply made again. Gives the offsets that
   * all tables have. Fails with `delta_txn_conflict` if another writer has moved a table's offsets.
   */
  write(records: ReadonlyMap<string, readonly Decoded[]>): Promise<Offsets>;
}

/** Commits that lost against another writer are planned anew this often at once. */
const ATTEMPTS = 5;
/** Dead letters of a flush that get a line each; the log must not drown in what another producer does wrong. */
const TOLD_LETTERS = 10;

export async function createFlusher(ports: ResolvedPorts, tables: readonly TopicTables[]): Promise<Flusher> {
  const movies = createPlaceholders(await openLakeTable(ports, "silver_movies"), "movie_id", placeholderMovie);
  const users = createPlaceholders(await openLakeTable(ports, "silver_users"), "user_id", placeholderUser);
  const byTopic = new Map<string, TopicTables>(tables.map((each) => [each.topic, each]));
  const targets = new Map<string, DecodeTarget>(
    tables.map(({ topic, type, silver }) => [topic, { type, silver: silver.spec }]),
  );
  /** Keys of dead letters that are in the log already while their records wait for a commit. */
  const buried = new Set<string>();

  async function bury(plans: readonly TopicPlan[]): Promise<void> {
    const letters = plans.flatMap((plan) => plan.deadLetters).filter(({ record }) => !buried.has(record.key));
    if (letters.length === 0) return;
    await ports.log.append(
      DEAD_LETTER_TOPIC,
      letters.map(({ record }) => record),
    );
    for (const { record, reason } of letters) {
      buried.add(record.key);
      ports.metrics?.counter("cinelake_events_dead_lettered_total").inc({ reason: reasonClass(reason) });
    }
    for (const letter of letters.slice(0, TOLD_LETTERS)) tellOf(letter);
    ports.logger.warn(
      { records: letters.length, first: letters[0]?.record.key },
      "records moved to the dead-letter topic",
    );
  }

  function tellOf({ record, reason, correlationId }: Letter): void {
    ports.logger.warn({ [CORRELATION_HEADER]: correlationId, record: record.key, reason }, "a record cannot be used");
  }

  async function write(records: ReadonlyMap<string, readonly Decoded[]>, span: Span): Promise<Offsets> {
    const plans: TopicPlan[] = [];
    for (const [topic, ofTopic] of records) {
      const ofTables = byTopic.get(topic);
      if (!ofTables) continue;
      const fresh = freshRecords(ofTables, ofTopic);
      plans.push(planTopic(fresh, await knownEvents(ofTables.silver, fresh.candidates)));
    }
    await bury(plans);
    await all([
      movies.add(distinct(plans, ({ movieIds }) => movieIds)),
      users.add(distinct(plans, ({ userIds }) => userIds)),
    ]);
    await all(plans.map((plan) => commitTopic(ports, plan, span)));
    buried.clear();
    return writtenOffsets(plans);
  }

  return {
    tables: byTopic,
    targetOf(topic) {
      const target = targets.get(topic);
      if (!target) throw new CinelakeError("internal", `The stream consumer has no table for topic ${topic}`);
      return target;
    },
    write(records) {
      const links = (): string[] => sampledTraces(records.values());
      return inSpan(ports.tracing, "flush", { kind: "consumer", links }, async (span) => {
        for (let attempt = 1; ; attempt++) {
          try {
            return await write(records, span);
          } catch (error) {
            if (attempt === ATTEMPTS || !findError(error, "delta_conflict")) throw error;
            ports.logger.info({ attempt }, "another writer changed a table; planning the flush anew");
          }
        }
      });
    },
  };
}

/** Waits for all, also after a failure, so that nothing is still being written when the flush is planned anew; throws the first error. */
async function all(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

async function commitTopic(ports: ResolvedPorts, plan: TopicPlan, span: Span): Promise<void> {
  const started = performance.now();
  const { tables, bronze, silver } = plan;
  await all([
    commitTable(ports, tables.silver, silver.transactions, span, () =>
      commitEvents(tables.silver, silver, silver.transactions),
    ),
    commitTable(ports, tables.bronze, bronze.transactions, span, () =>
      commitRows(tables.bronze, bronze.rows, bronze.transactions),
    ),
  ]);
  if (plan.repeats > 0)
    ports.metrics?.counter("cinelake_stream_duplicates_total").inc({ topic: tables.topic }, plan.repeats);
  const seconds = (performance.now() - started) / 1000;
  ports.metrics?.histogram("cinelake_stream_flush_duration_seconds").observe({ topic: tables.topic }, seconds);
}

/** Never an empty commit: without an offset that moves on there is nothing to write. */
async function commitTable(
  ports: ResolvedPorts,
  streamed: StreamTable,
  transactions: readonly ApplicationTransaction[],
  parent: Span,
  commit: () => Promise<CommitResult>,
): Promise<void> {
  if (transactions.length === 0) return;
  const { version, addedRows } = await inSpan(ports.tracing, `commit ${streamed.spec.name}`, { parent }, commit);
  const moved = transactions.map(
    ({ appId, version: next }) => [Number(appId.slice(appId.lastIndexOf("/") + 1)), next] as const,
  );
  streamed.offsets = new Map([...streamed.offsets, ...moved]);
  ports.metrics?.counter("cinelake_stream_rows_written_total").inc({ table: streamed.spec.name }, addedRows);
  ports.metrics?.gauge("cinelake_table_version").set({ table: streamed.spec.name }, version);
}

function writtenOffsets(plans: readonly TopicPlan[]): Offsets {
  const offsets = new Map<string, number>();
  for (const { tables } of plans) {
    for (const [partition, next] of tables.silver.offsets) {
      const both = Math.min(next, tables.bronze.offsets.get(partition) ?? 0);
      offsets.set(partitionKey({ topic: tables.topic satisfies EventTopic, partition }), both);
    }
  }
  return offsets;
}

function distinct(plans: readonly TopicPlan[], ids: (plan: TopicPlan) => readonly number[]): number[] {
  return [...new Set(plans.flatMap(ids))];
}
