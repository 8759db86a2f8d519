import { setTimeout as sleep } from "node:timers/promises";
import { findError } from "@cinelake/contracts";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type SpanContext } from "@opentelemetry/api";
import type * as Otel from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";
import type { TracingOptions } from "./open_tracing.ts";
import { sparingly } from "./sparingly.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";
import type { Span, SpanOptions, Tracing } from "./tracing.ts";
import { readPairs, type TracingConfig } from "./tracing_config.ts";

/** How long disposing may take, milliseconds; a collector that is away must not keep a process. */
const CLOSE_MS = 2000;
type Compression = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>["compression"];
/** What the SDK would drop of a span's links. */
const MAX_LINKS = 128;

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/**
 * Tracing by OpenTelemetry's SDK, without its globals and instrumentations: parents are passed by hand. Spans wait in a bounded queue;
 * what the collector does not take within the timeout is dropped.
 */
export function openOtlpTracing(url: string, config: TracingConfig, options: TracingOptions): Tracing {
  const exporter = createExporter(url, config, options);
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: config.otelBspScheduleDelay,
    maxQueueSize: config.otelBspMaxQueueSize,
    maxExportBatchSize: Math.min(config.otelBspMaxExportBatchSize, config.otelBspMaxQueueSize),
  });
  const attributes = readPairs(config.otelResourceAttributes) ?? {};
  const name = config.otelServiceName || attributes["service.name"] || options.service;
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ ...attributes, "service.name": name })),
    sampler: samplerOf(config),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("cinelake");
  return {
    begin: (spanName, spanOptions = {}) => beginSpan(tracer, spanName, spanOptions),
    async [Symbol.asyncDispose]() {
      exporter.hurry();
      await Promise.race([provider.shutdown().catch(() => undefined), sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };
}

function beginSpan(tracer: Otel.Tracer, name: string, options: SpanOptions): Span {
  const { kind = "internal", parent, links, attributes } = options;
  const span = tracer.startSpan(
    name,
    {
      kind: KINDS[kind],
      ...(attributes ? { attributes } : {}),
      ...(links ? { links: linksOf(links()) } : {}),
    },
    contextOf(parent),
  );
  const { traceId, spanId, traceFlags } = span.spanContext();
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return {
    sampled,
    traceparent: formatTraceparent({ traceId, spanId, sampled }),
    set: (added) => void span.setAttributes(added),
    end(error) {
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
        span.setAttribute("error.type", findError(error)?.code ?? "internal");
      }
      span.end();
    },
  };
}

function contextOf(parent: SpanOptions["parent"]): Otel.Context {
  const isRemote = typeof parent === "string";
  const found = spanContext(isRemote ? parent : parent?.traceparent, isRemote);
  return found ? trace.setSpanContext(ROOT_CONTEXT, found) : ROOT_CONTEXT;
}

function linksOf(links: readonly string[]): Otel.Link[] {
  const contexts = links.slice(0, MAX_LINKS).map((text) => spanContext(text, true));
  return contexts.flatMap((context) => (context ? [{ context }] : []));
}

function spanContext(text: string | undefined, isRemote: boolean): SpanContext | undefined {
  const found = text === undefined ? undefined : parseTraceparent(text);
  if (!found) return undefined;
  const { traceId, spanId, sampled } = found;
  return { traceId, spanId, isRemote, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

/** The official exporter, whose failures are told sparingly. `hurry` makes what is sent from then on take no longer than a close may. */
function createExporter(
  url: string,
  config: TracingConfig,
  { logger }: TracingOptions,
): SpanExporter & { hurry(): void } {
  const open = (timeoutMillis: number): OTLPTraceExporter =>
    new OTLPTraceExporter({
      url,
      timeoutMillis,
      headers: readPairs(config.otelExporterOtlpHeaders) ?? {},
      compression: config.otelExporterOtlpCompression as Compression,
    });
  let exporter = open(config.otelExporterOtlpTimeout);
  let lost = 0;
  const tell = sparingly((err) => {
    logger.warn({ err, spans: lost }, "traces do not reach the collector and are dropped; all else goes on");
    lost = 0;
  });
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) {
          lost += spans.length;
          tell(new Error(`${new URL(url).origin} does not take spans`, { cause: result.error }));
        }
        done(result);
      });
    },
    hurry() {
      exporter = open(Math.min(config.otelExporterOtlpTimeout, CLOSE_MS));
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

function samplerOf({ otelTracesSampler: name, otelTracesSamplerArg: ratio }: TracingConfig): Sampler {
  const root = name.endsWith("always_off")
    ? new AlwaysOffSampler()
    : name.endsWith("traceidratio")
      ? new TraceIdRatioBasedSampler(ratio)
      : new AlwaysOnSampler();
  return name.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}
