import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { CinelakeError } from "@cinelake/contracts";
import { freePort, startOtlpCollector, type OtlpCollector } from "@cinelake/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLogger, inSpan, loadConfig, openTracing, tracingConfigSchema, type Tracing } from "@cinelake/runtime";
import { formatTraceparent, parseTraceparent } from "../src/traceparent.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED = PARENT.replace(/01$/, "00");

interface Told {
  readonly level: string;
  readonly msg: string;
  readonly spans: number;
  readonly err: { readonly message: string };
}

async function open(env: Record<string, string>, lines: Told[] = []): Promise<Tracing> {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Told) };
  const logger = createLogger({ service: "probe", pretty: false, destination });
  return openTracing(loadConfig(tracingConfigSchema, { env }), { service: "probe", logger });
}

const envOf = ({ endpoint }: OtlpCollector, more: Record<string, string> = {}): Record<string, string> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  ...more,
});

test("spans arrive with their kind, parent, links, attributes and errors, at the latest when tracing is closed", async () => {
  await using collector = await startOtlpCollector();
  const tracing = await open(envOf(collector, { OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b" }));
  await inSpan(tracing, "request", { kind: "server", parent: PARENT }, async (request) => {
    request.set({ status: 202 });
    await inSpan(tracing, "send", { kind: "producer", parent: request }, async () => undefined);
  });
  const failed = inSpan(tracing, "flush", { kind: "consumer", links: () => [PARENT, "nonsense"] }, async () => {
    throw new CinelakeError("disk_full", "no space");
  });
  await expect(failed).rejects.toThrow("no space");
  await tracing[Symbol.asyncDispose]();
  const [send, request, flush] = ["send", "request", "flush"].map((name) =>
    collector.spans.find((span) => span.name === name),
  );
  expect(collector.spans).toHaveLength(3);
  const { traceId, spanId } = parseTraceparent(PARENT)!;
  expect(request).toMatchObject({ service: "probe", kind: 2, traceId, parentId: spanId, failed: false });
  expect(request!.attributes).toEqual({ status: 202 });
  expect(send).toMatchObject({ kind: 4, traceId, parentId: request!.spanId });
  expect(flush).toMatchObject({ kind: 5, parentId: "", links: [traceId], failed: true });
  expect(flush!.traceId).not.toBe(traceId);
  expect(flush!.attributes).toEqual({ "error.type": "disk_full" });
  expect(collector.headers()).toMatchObject({ "x-key": "a b", "content-type": "application/x-protobuf" });
});

test("the process is named by OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES or its service, and gzip arrives too", async () => {
  await using collector = await startOtlpCollector();
  for (const [env, name] of [
    [{ OTEL_SERVICE_NAME: "mine", OTEL_RESOURCE_ATTRIBUTES: "service.name=other" }, "mine"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "service.name=other", OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, "other"],
    [{}, "probe"],
  ] as const) {
    const tracing = await open(envOf(collector, env));
    tracing.begin("work").end();
    await tracing[Symbol.asyncDispose]();
    expect(collector.spans.at(-1)).toMatchObject({ service: name, name: "work" });
  }
});

test.each([
  ["", { root: true, sampledParent: true, unsampledParent: false }],
  ["always_on", { root: true, sampledParent: true, unsampledParent: true }],
  ["always_off", { root: false, sampledParent: false, unsampledParent: false }],
  ["traceidratio", { root: false, sampledParent: false, unsampledParent: false }],
  ["parentbased_always_off", { root: false, sampledParent: true, unsampledParent: false }],
  ["parentbased_traceidratio", { root: false, sampledParent: true, unsampledParent: false }],
])("OTEL_TRACES_SAMPLER=%s decides, and what is not sampled is not sent", async (sampler, expected) => {
  await using collector = await startOtlpCollector();
  const tracing = await open(
    envOf(collector, { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: sampler && "0" }),
  );
  const spans = {
    root: tracing.begin("root"),
    sampledParent: tracing.begin("sampled", { parent: PARENT }),
    unsampledParent: tracing.begin("unsampled", { parent: UNSAMPLED }),
  };
  const sampled = Object.fromEntries(Object.entries(spans).map(([name, span]) => [name, span.sampled]));
  expect(sampled).toEqual(expected);
  for (const span of Object.values(spans)) {
    expect(parseTraceparent(span.traceparent!)?.sampled).toBe(span.sampled);
    span.end();
  }
  await tracing[Symbol.asyncDispose]();
  expect(collector.spans).toHaveLength(Object.values(expected).filter(Boolean).length);
});

describe("a collector that is away", () => {
  test("costs the spans and one line in the log, and a close does not wait for it", async () => {
    const lines: Told[] = [];
    const url = `http://127.0.0.1:${await freePort()}`;
    const tracing = await open(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_TIMEOUT: "50",
        OTEL_BSP_SCHEDULE_DELAY: "5",
        OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "10",
      },
      lines,
    );
    for (let round = 0; round < 10; round++) {
      expect(await inSpan(tracing, "work", {}, async () => round)).toBe(round);
      await sleep(20);
    }
    await tracing[Symbol.asyncDispose]();
    expect(lines).toMatchObject([{ level: "warn", spans: 1, err: { message: expect.stringContaining(url) } }]);
  });

  test("gets what fits the queue when it is back", async () => {
    let requests = 0;
    await using collector = await startOtlpCollector(() => (requests++ === 0 ? 503 : 200));
    const more = { OTEL_BSP_MAX_QUEUE_SIZE: "20", OTEL_EXPORTER_OTLP_TIMEOUT: "500" };
    const tracing = await open(envOf(collector, more));
    for (let at = 0; at < 1000; at++) tracing.begin(`work ${at}`).end();
    await tracing[Symbol.asyncDispose]();
    expect(requests).toBe(2);
    expect(collector.spans).toHaveLength(20);
  });

  test("does not keep a process from ending", () => {
    const script = `
      import { createLogger, loadConfig, openTracing, tracingConfigSchema } from "@cinelake/runtime";
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
      const logger = createLogger({ service: "probe" });
      const tracing = await openTracing(loadConfig(tracingConfigSchema, { env }), { service: "probe", logger });
      tracing.begin("work").end();
      await tracing[Symbol.asyncDispose]();`;
    const options = { cwd: import.meta.dirname, encoding: "utf8", timeout: 9000 } as const;
    const result = spawnSync(process.execPath, ["--input-type=module", "-e", script], options);
    expect({ status: result.status, signal: result.signal }).toEqual({ status: 0, signal: null });
    expect(result.stderr).toContain("do not reach the collector");
  });
});

test.each([{}, { OTEL_SDK_DISABLED: "true" }, { OTEL_TRACES_EXPORTER: "none" }])(
  "without a collector, or told not to (%o), OpenTelemetry's SDK is not loaded",
  (more) => {
    const env = { ...more, ...(Object.keys(more).length > 0 && { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" }) };
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const { createLogger, loadConfig, openTracing, tracingConfigSchema } = await import("@cinelake/runtime");
      const config = loadConfig(tracingConfigSchema, { env: ${JSON.stringify(env)} });
      const tracing = await openTracing(config, { service: "probe", logger: createLogger({ service: "probe" }) });
      console.log(loaded.length > 10, loaded.filter((url) => /@opentelemetry.(?!api\\b)/.test(url)).length, tracing.begin("x").sampled);`;
    const result = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: import.meta.dirname,
      encoding: "utf8",
    });
    expect(result).toMatchObject({ status: 0, stdout: "true 0 false\n" });
  },
);

test("mistakes in the variables are named, without the text of headers", () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "localhost:4317",
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_HEADERS: "secret",
    OTEL_TRACES_SAMPLER_ARG: "2",
  };
  const read = () => loadConfig(tracingConfigSchema, { env });
  expect(read).toThrow(
    /ENDPOINT must be an http.*PROTOCOL must be http\/protobuf.*HEADERS must be name=value.*ARG must be number 0..1/,
  );
  expect(read).not.toThrow(/secret/);
});

test("a traceparent is read as it was written; anything else is none", () => {
  const hex = (length: number) =>
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
  const id = (length: number) => hex(length).filter((text) => /[^0]/.test(text));
  fc.assert(
    fc.property(id(32), id(16), fc.boolean(), (traceId, spanId, sampled) => {
      const context = { traceId, spanId, sampled };
      expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
      expect(parseTraceparent(formatTraceparent(context).replace(/^00/, "cc").concat("-more"))).toEqual(context);
    }),
  );
  const zeros = PARENT.replace(/-[0-9a-f]{32}-/, `-${"0".repeat(32)}-`);
  for (const text of [
    "",
    "00",
    zeros,
    PARENT.replace(/^00/, "ff"),
    `${PARENT}-more`,
    PARENT.toUpperCase(),
    ` ${PARENT}`,
  ])
    expect(parseTraceparent(text)).toBeUndefined();
});
