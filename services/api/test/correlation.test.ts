import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError, EVENT_TOPICS, TOPICS } from "@cinelake/contracts";
import type { EventLog, LogRecord } from "@cinelake/event_log";
import { createLogger, loadConfig, openTracing, tracingConfigSchema, type Tracing } from "@cinelake/runtime";
import { faulty, startOtlpCollector, type OtlpCollector } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import type { ApiPorts } from "../src/index.ts";
import { event, openWorld } from "./world.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID = PARENT.slice(3, 35);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly correlation_id: string;
  readonly route?: string;
  readonly status?: number;
  readonly trace_id?: string;
}

/** Ports whose log lines about requests are kept. */
function logged(lines: Line[], more: Partial<ApiPorts> = {}): (ports: ApiPorts) => ApiPorts {
  const keep = (line: Line): void => void (line.correlation_id && lines.push(line));
  const destination = { write: (line: string) => keep(JSON.parse(line) as Line) };
  const logger = createLogger({ service: "api", pretty: false, destination });
  return (ports) => ({ ...ports, logger, ...more });
}

function withSlowAppend(log: EventLog): EventLog {
  const append: EventLog["append"] = async (...args) => {
    await sleep(1050);
    return log.append(...args);
  };
  return new Proxy(log, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return name === "append" ? append : typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function recordsOf(log: EventLog, topic: string): Promise<LogRecord[]> {
  const { next } = await log.offsets([topic]);
  const records: LogRecord[] = [];
  for (const key of next.keys()) {
    const partition = Number(key.slice(topic.length + 1));
    records.push(...(await log.read({ topic, partition, offset: 0 }, { maxRecords: 10_000 })));
  }
  return records;
}

async function tracingTo(collector: OtlpCollector, more: Record<string, string> = {}): Promise<Tracing> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...more };
  const logger = createLogger({ service: "api", level: "silent" });
  return openTracing(loadConfig(tracingConfigSchema, { env }), { service: "api", logger });
}

describe("the correlation id", () => {
  test("goes with every event of the request, in each topic, and with nothing else where nothing is traced", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const payload = [event("view", 1, 1), event("rating", 2, 2), event("rating", 3, 3), event("click", 1, 1)];
    const headers = { "x-request-id": "mine-1", traceparent: PARENT };
    const answer = await api.inject({ method: "POST", url: "/events", payload, headers });
    expect([answer.statusCode, answer.headers["x-request-id"]]).toEqual([202, "mine-1"]);
    const other = await api.inject({ method: "POST", url: "/events", payload: event("view", 9, 1) });
    const records = (await Promise.all(EVENT_TOPICS.map((topic) => recordsOf(world.ports.log, topic)))).flat();
    expect(records).toHaveLength(5);
    for (const { key, headers: own } of records)
      expect(own).toEqual({ correlation_id: key === "9" ? other.headers["x-request-id"] : "mine-1" });
    expect(other.headers["x-request-id"]).toMatch(UUID);
  });

  test("of an answered list goes with its exposures", async () => {
    await using world = await openWorld();
    const api = await world.api({ exposuresFlushMs: 1 });
    await api.inject({ url: "/recommendations/1?k=3", headers: { "x-request-id": "list-1" } });
    await api.inject({ url: "/recommendations?user_id=2&k=2", headers: { "x-request-id": "list-2" } });
    await api.close();
    const exposures = await recordsOf(world.ports.log, TOPICS.exposure);
    const shown = exposures.map(({ key, headers }) => `${key} ${headers["correlation_id"]}`).sort();
    expect(shown).toEqual(["1 list-1", "1 list-1", "1 list-1", "2 list-2", "2 list-2"]);
  });
});

describe("a request is logged with its correlation id", () => {
  test("if it fails by us, also with the cause; if the caller is wrong, only by the sample", async () => {
    const lines: Line[] = [];
    const broken = { before: (method: string) => (method === "append" ? new Error("a bug") : undefined) };
    await using world = await openWorld({
      empty: true,
      wrap: (ports) => logged(lines, { log: faulty(ports.log, broken) })(ports),
    });
    const api = await world.api({ logSample: 0 });
    const headers = { "x-request-id": "bad-luck" };
    await api.inject({ method: "POST", url: "/events", payload: event("view", 1, 1), headers });
    await api.inject({ method: "POST", url: "/events", payload: [], headers: { "x-request-id": "callers-fault" } });
    expect(lines).toEqual([
      expect.objectContaining({ level: "warn", correlation_id: "bad-luck", status: 503, route: "/events" }),
    ]);
  });

  test("if it takes a second, though the sample left it out", async () => {
    const lines: Line[] = [];
    await using world = await openWorld({
      empty: true,
      wrap: (ports) => logged(lines, { log: withSlowAppend(ports.log) })(ports),
    });
    const api = await world.api({ logSample: 0 });
    const headers = { "x-request-id": "slow-1" };
    await api.inject({ method: "POST", url: "/events", payload: event("view", 1, 1), headers });
    expect(lines).toMatchObject([{ level: "warn", correlation_id: "slow-1", status: 202 }]);
  });

  test("if its trace is sampled, and by LOG_SAMPLE otherwise", async () => {
    await using collector = await startOtlpCollector();
    for (const [logSample, traceparent, isLogged] of [
      [0, PARENT, true],
      [0, PARENT.replace(/01$/, "00"), false],
      [1, PARENT.replace(/01$/, "00"), true],
    ] as const) {
      const lines: Line[] = [];
      const tracing = await tracingTo(collector);
      await using world = await openWorld({ wrap: logged(lines, { tracing }) });
      const api = await world.api({ logSample });
      const headers = { traceparent, "x-request-id": "asked" };
      await api.inject({ url: "/trending", headers });
      await tracing[Symbol.asyncDispose]();
      const line = { level: "info", msg: "request answered", correlation_id: "asked", route: "/trending", status: 200 };
      expect(lines).toMatchObject(isLogged ? [line] : []);
      expect(lines[0]?.trace_id).toBe(traceparent === PARENT ? TRACE_ID : undefined);
    }
    expect(collector.spans.map(({ name, traceId }) => [name, traceId])).toEqual([["GET /trending", TRACE_ID]]);
  });
});

describe("a traced request", () => {
  test("is a span of the caller's trace, sends its events in another, and names that in the records", async () => {
    await using collector = await startOtlpCollector();
    const tracing = await tracingTo(collector);
    await using world = await openWorld({ empty: true, wrap: (ports) => ({ ...ports, tracing }) });
    const api = await world.api();
    const headers = { traceparent: PARENT, "x-request-id": "mine" };
    await api.inject({ method: "POST", url: "/events", payload: event("rating", 1, 1), headers });
    await api.inject("/health");
    await tracing[Symbol.asyncDispose]();
    const [send, request, ...more] = collector.spans;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ name: "POST /events", kind: 2, traceId: TRACE_ID, parentId: PARENT.slice(36, 52) });
    expect(request!.attributes).toEqual({
      "http.request.method": "POST",
      "http.route": "/events",
      "http.response.status_code": 202,
      correlation_id: "mine",
    });
    expect(send).toMatchObject({ name: "send events_ratings", kind: 4, traceId: TRACE_ID, parentId: request!.spanId });
    const [record] = await recordsOf(world.ports.log, TOPICS.rating);
    expect(record!.headers).toEqual({
      correlation_id: "mine",
      traceparent: `00-${TRACE_ID}-${send!.spanId}-01`,
    });
  });

  test("that fails says so; one that is not sampled leaves no traceparent in its records", async () => {
    await using collector = await startOtlpCollector();
    const tracing = await tracingTo(collector);
    let broken = true;
    await using world = await openWorld({
      empty: true,
      wrap: (ports) => ({
        ...ports,
        tracing,
        log: faulty(ports.log, {
          before: (method) =>
            broken && method === "append" ? new CinelakeError("log_unavailable", "away") : undefined,
        }),
      }),
    });
    const api = await world.api();
    const post = (traceparent: string) =>
      api.inject({ method: "POST", url: "/events", payload: event("view", 1, 1), headers: { traceparent } });
    await post(PARENT);
    broken = false;
    await post(PARENT.replace(/01$/, "00"));
    await tracing[Symbol.asyncDispose]();
    expect(collector.spans.map(({ name, failed }) => [name, failed])).toEqual([
      ["send events_views", true],
      ["POST /events", true],
    ]);
    expect(collector.spans[0]!.attributes["error.type"]).toBe("log_unavailable");
    const [record] = await recordsOf(world.ports.log, TOPICS.view);
    expect(Object.keys(record!.headers)).toEqual(["correlation_id"]);
  });
});
