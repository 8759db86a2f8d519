import { z } from "zod";

const url = z
  .string()
  .refine((text) => text === "" || /^https?:\/\/./.test(text), "must be an http: or https: address")
  .default("");
const pairs = z
  .string()
  .refine((text) => readPairs(text) !== undefined, "must be name=value,name=value with % for special characters")
  .default("");

/** OpenTelemetry's own variables, as far as they are honoured. Durations in milliseconds. */
export const tracingConfigSchema = z.strictObject({
  otelExporterOtlpEndpoint: url.describe(
    "Address of a collector that takes OTLP over HTTP, e.g. http://localhost:4318; /v1/traces is added. Without one nothing is traced.",
  ),
  otelExporterOtlpTracesEndpoint: url.describe("The same for traces alone, taken as it is."),
  otelExporterOtlpProtocol: z.enum(["http/protobuf"]).default("http/protobuf").describe("How spans are sent."),
  otelExporterOtlpHeaders: pairs.describe("Headers for the collector, name=value,name=value, such as keys."),
  otelExporterOtlpTimeout: z.int().min(1).default(10_000).describe("Longest time for sending, with its retries."),
  otelExporterOtlpCompression: z.enum(["none", "gzip"]).default("none").describe("Whether what is sent is compressed."),
  otelServiceName: z.string().default("").describe("The service's name in traces; its own name by default."),
  otelResourceAttributes: pairs.describe("What else traces say of the process, name=value,name=value."),
  otelTracesSampler: z
    .enum([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ])
    .default("parentbased_always_on")
    .describe("Which traces are sampled; parentbased ones follow the caller's traceparent."),
  otelTracesSamplerArg: z.number().min(0).max(1).default(1).describe("Share of traces that a traceidratio samples."),
  otelBspScheduleDelay: z.int().min(1).default(5000).describe("How long spans are gathered before they are sent."),
  otelBspMaxQueueSize: z.int().min(1).default(2048).describe("Spans that may wait; beyond it they are dropped."),
  otelBspMaxExportBatchSize: z.int().min(1).default(512).describe("Most spans that are sent at once."),
  otelTracesExporter: z.enum(["otlp", "none"]).default("otlp").describe("none: nothing is traced."),
  otelSdkDisabled: z.boolean().default(false).describe("true: nothing is traced."),
});

export type TracingConfig = z.output<typeof tracingConfigSchema>;

/** Where spans go; undefined if nothing is traced. */
export function tracesUrl(config: TracingConfig): string | undefined {
  const { otelExporterOtlpEndpoint: base, otelExporterOtlpTracesEndpoint: traces } = config;
  if (config.otelSdkDisabled || config.otelTracesExporter === "none") return undefined;
  if (traces !== "") return traces;
  return base === "" ? undefined : `${base.replace(/\/+$/, "")}/v1/traces`;
}

/** `a=1,b=x%20y` as an object; undefined if it is not of this form. */
export function readPairs(text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const item of text.split(",").filter((each) => each.trim() !== "")) {
    const at = item.indexOf("=");
    if (at < 1) return undefined;
    try {
      found[item.slice(0, at).trim()] = decodeURIComponent(item.slice(at + 1).trim());
    } catch {
      return undefined;
    }
  }
  return found;
}
