import { startOtlpCollector, temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { event } from "./support/client.ts";
import { callsOf, codeOf, documents } from "./support/documents.ts";
import { cinelake, eventually, startPlatform } from "./support/platform.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SHOWN_ID = "checkout-4711";

/** The command of docs/events.md that finds a request's row, for another id. */
function documentedRead(id: string): string[] {
  const [page] = documents("docs/events.md");
  const section = page!.text.split("## Following one event")[1]!.split("\n## ")[0]!;
  const [call] = codeOf(section)
    .flatMap(callsOf)
    .filter((argv) => argv.join(" ").startsWith("table read"));
  expect(call!.join(" ")).toContain(SHOWN_ID);
  return call!.map((argument) => argument.replace(SHOWN_ID, id));
}

async function rowsOf(directory: string, argv: readonly string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await cinelake(directory, argv);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("from POST /events to the row: the documented command finds the event by the request's id, and one trace links request, append and flush", async () => {
  await using directory = await temporaryDirectory();
  await using collector = await startOtlpCollector();
  await using platform = await startPlatform(directory.path, ["serve"], {
    FLUSH_INTERVAL_MS: "50",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "50",
  });
  const sent = [event("view", 7, 1), event("view", 8, 1)];
  const ids = ["order-1", "order-2"];
  for (const [at, id] of ids.entries()) {
    const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-0${at === 0 ? 1 : 0}`;
    const headers = { "content-type": "application/json", "x-request-id": id, traceparent };
    const answer = await fetch(`${platform.url}/events`, { method: "POST", headers, body: JSON.stringify(sent[at]) });
    expect([answer.status, answer.headers.get("x-request-id")]).toEqual([202, id]);
  }
  for (const [at, id] of ids.entries()) {
    const [row, ...more] = await eventually(
      () => rowsOf(directory.path, documentedRead(id)),
      ({ length }) => length > 0,
      20_000,
    );
    expect(more).toEqual([]);
    expect(JSON.parse(row!["value"] as string)).toEqual(sent[at]);
  }

  const spans = await eventually(
    async () => collector.spans.filter(({ traceId, links }) => traceId === TRACE_ID || links.includes(TRACE_ID)),
    ({ length }) => length >= 3,
    20_000,
  );
  const [request, send, flush] = ["POST /events", "send events_views", "flush"].map((name) =>
    spans.filter((span) => span.name === name),
  );
  expect(request).toMatchObject([{ traceId: TRACE_ID, attributes: { correlation_id: "order-1" } }]);
  expect(send).toMatchObject([{ traceId: TRACE_ID, parentId: request![0]!.spanId }]);
  expect(flush).toMatchObject([{ links: [TRACE_ID], service: "cinelake" }]);
  expect(await platform.stop()).toBe(0);
}, 60_000);

test("events send prints the id that its record carries", async () => {
  await using directory = await temporaryDirectory();
  const { stdout } = await cinelake(directory.path, ["events", "send", "--type", "view", "--json"]);
  const { correlation_id: id } = JSON.parse(stdout) as { correlation_id: string };
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  await using platform = await startPlatform(directory.path, ["serve"], { FLUSH_INTERVAL_MS: "50" });
  await eventually(
    () => rowsOf(directory.path, documentedRead(id)),
    (rows) => rows.length === 1,
    20_000,
  );
  const text = (await cinelake(directory.path, ["events", "send", "--type", "view"])).stdout;
  expect(text).toMatch(/correlation id [0-9a-f-]{36}:/);
  expect(await platform.stop()).toBe(0);
}, 60_000);

test("a platform whose collector is away serves, logs one line, and stops in time", async () => {
  await using directory = await temporaryDirectory();
  await using platform = await startPlatform(directory.path, ["serve"], {
    // Not the address at which `startPlatform` looks for the API.
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.2:9",
    OTEL_EXPORTER_OTLP_TIMEOUT: "100",
    OTEL_BSP_SCHEDULE_DELAY: "20",
  });
  for (let round = 0; round < 20; round++) {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(event("view", 7, 1));
    expect((await fetch(`${platform.url}/events`, { method: "POST", headers, body })).status).toBe(202);
  }
  const lines = await eventually(
    async () =>
      platform
        .output()
        .split("\n")
        .filter((line) => line.includes("do not reach the collector")),
    ({ length }) => length > 0,
    20_000,
  );
  expect(await platform.stop()).toBe(0);
  expect(lines).toHaveLength(1);
  expect(platform.output().split("do not reach the collector")).toHaveLength(2);
}, 60_000);
