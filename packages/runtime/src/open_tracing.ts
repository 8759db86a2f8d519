import type { Logger } from "./logger.ts";
import { NO_TRACING, type Tracing } from "./tracing.ts";
import { tracesUrl, type TracingConfig } from "./tracing_config.ts";

export interface TracingOptions {
  /** The service's name, unless OTEL_SERVICE_NAME gives another. */
  readonly service: string;
  /** Told, at most once a minute, that spans do not reach the collector. */
  readonly logger: Pick<Logger, "warn">;
}

/** Tracing to the collector that the configuration names. Without one it traces nothing, and OpenTelemetry is not even loaded. */
export async function openTracing(config: TracingConfig, options: TracingOptions): Promise<Tracing> {
  const url = tracesUrl(config);
  if (url === undefined) return NO_TRACING;
  const { openOtlpTracing } = await import("./otlp_tracing.ts");
  return openOtlpTracing(url, config, options);
}
