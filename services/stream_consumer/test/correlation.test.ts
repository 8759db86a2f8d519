import { CORRELATION_HEADER, DEAD_LETTER_TOPIC, TOPICS, TRACEPARENT_HEADER } from "@cinelake/contracts";
import { MAX_RECORD_BYTES, type NewRecord } from "@cinelake/event_log";
import { createLogger, loadConfig, openTracing, tracingConfigSchema } from "@cinelake/runtime";
import { startOtlpCollector } from "@cinelake/testkit";
import { beforeEach, expect, test } from "vitest";
import { createStreamConsumer, redriveDeadLetters, type StreamPorts } from "../src/index.ts";
import { rating } from "./events.ts";
import { drain, openWorld, readTable, readTopicRecords, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  return () => world[Symbol.asyncDispose]();
});

function record(value: unknown, headers: Record<string, string>, key = "1"): NewRecord {
  return { key, value: Buffer.from(typeof value === "string" ? value : JSON.stringify(value)), headers };
}

/** Lets a consumer write all that is in the log; gives its log lines. */
async function linesOfDrain(more: Partial<StreamPorts> = {}): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ service: "stream_consumer", pretty: false, destination });
  const consumer = createStreamConsumer({ ...world, logger, ...more }, { flushIntervalMs: 3_600_000 });
  await consumer.start();
  await consumer.flush();
  await consumer.stop();
  return lines;
}

test("a record that goes wrong is in the log with its correlation id and the reason, a conflict too", async () => {
  const event = { event_type: "rating", ...rating(1) };
  await world.log.append(TOPICS.rating, [
    record(event, { [CORRELATION_HEADER]: "first" }),
    record({ ...event, user_id: 2 }, { [CORRELATION_HEADER]: "other-user" }),
    record("{", { [CORRELATION_HEADER]: "broken" }),
    record("[]", {}),
  ]);
  const lines = await linesOfDrain();
  const told = lines.filter(({ msg }) => msg === "a record cannot be used");
  expect(told.map((line) => [line[CORRELATION_HEADER], line["reason"], line["level"]])).toEqual([
    ["broken", expect.stringMatching(/^invalid_json/), "warn"],
    [undefined, expect.stringMatching(/^invalid_event/), "warn"],
    ["other-user", expect.stringMatching(/^event_id_conflict/), "warn"],
  ]);
  expect(told.map((line) => line["record"])).toContain("events_ratings/0/2");
});

test("a flood of bad records is ten lines a flush and their number", async () => {
  await world.log.append(
    TOPICS.view,
    Array.from({ length: 500 }, (_, at) => record("{", { [CORRELATION_HEADER]: `bad-${at}` })),
  );
  const lines = await linesOfDrain();
  expect(lines.filter(({ msg }) => msg === "a record cannot be used")).toHaveLength(10);
  expect(lines).toContainEqual(
    expect.objectContaining({ records: 500, msg: "records moved to the dead-letter topic" }),
  );
});

test("the correlation id is in Bronze, in the dead letter, and in Bronze again after a redrive, also of a record too large for a letter", async () => {
  const headers = (id: string) => ({ [CORRELATION_HEADER]: id, [TRACEPARENT_HEADER]: `trace of ${id}` });
  const large = `"${"x".repeat(MAX_RECORD_BYTES - 2000)}"`;
  await world.log.append(TOPICS.view, [record("{", headers("small")), record(large, headers("large"))]);
  await drain(world);
  expect(
    (await readTopicRecords(world.log, DEAD_LETTER_TOPIC)).map(({ value }) => Buffer.from(value).toString()),
  ).toEqual([expect.stringContaining(JSON.stringify(headers("small"))), expect.stringContaining('"headers":{}')]);
  expect((await redriveDeadLetters({ log: world.log }, { maxAttempts: 5 })).fates.redriven).toBe(2);
  await drain(world);
  const rows = await readTable(world, "bronze_events_views_raw");
  const carried = rows.map((row) => JSON.parse(row["headers"] as string) as Record<string, string>);
  const attempts = carried.map((each) => [each[CORRELATION_HEADER], each["cinelake_attempt"] ?? "1"].join(" "));
  expect(attempts.sort()).toEqual(["large 1", "large 2", "small 1", "small 2"]);
  for (const each of carried) expect(each).toMatchObject(headers(each[CORRELATION_HEADER]!));
});

test("a flush is a trace that links to those of its records, at most 64, and has a part for each commit", async () => {
  await using collector = await startOtlpCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const logger = createLogger({ service: "stream_consumer", level: "silent" });
  const tracing = await openTracing(loadConfig(tracingConfigSchema, { env }), { service: "stream_consumer", logger });
  const traceIds = Array.from({ length: 70 }, (_, at) => String(at + 1).padStart(32, "0"));
  const traces = traceIds.map((id) => `00-${id}-b7ad6b7169203331-01`);
  const sent = traces.flatMap((traceparent) => {
    const user = rating(7);
    return [1, 2].map(() => record({ event_type: "rating", ...user }, { traceparent }, "7"));
  });
  await world.log.append(TOPICS.rating, sent);
  await linesOfDrain({ tracing });
  await tracing[Symbol.asyncDispose]();
  const [flush, ...more] = collector.spans.filter(({ name }) => name === "flush");
  expect(more).toEqual([]);
  expect(flush).toMatchObject({ service: "stream_consumer", kind: 5, parentId: "", links: traceIds.slice(0, 64) });
  const parts = collector.spans.filter(({ parentId }) => parentId === flush!.spanId);
  expect(parts.map(({ name }) => name).sort()).toEqual([
    "commit bronze_events_ratings_raw",
    "commit silver_events_ratings",
  ]);
});
