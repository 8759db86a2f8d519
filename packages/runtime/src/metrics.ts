import { METRICS, type MetricLabel, type MetricName, type MetricNameOf, type MetricSpec } from "@cinelake/contracts";
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";

/** All labels of a metric, then the value; a metric without labels takes the value alone. */
type Arguments<L extends string, V extends unknown[]> = [L] extends [never]
  ? V
  : [labels: Readonly<Record<L, string | number>>, ...V];

export interface Counter<L extends string> {
  /** Adds `value` (default 1, never negative). */
  inc(...args: Arguments<L, [value?: number]>): void;
}
export interface Gauge<L extends string> {
  set(...args: Arguments<L, [value: number]>): void;
  /** Adds `value` (default 1, negative to take away). */
  add(...args: Arguments<L, [value?: number]>): void;
}
export interface Histogram<L extends string> {
  observe(...args: Arguments<L, [value: number]>): void;
}

/** The metrics of one process. Each is made at its first use and the same one is given ever after. */
export interface Metrics {
  readonly registry: Registry;
  counter<N extends MetricNameOf<"counter">>(name: N): Counter<MetricLabel<N>>;
  gauge<N extends MetricNameOf<"gauge">>(name: N): Gauge<MetricLabel<N>>;
  histogram<N extends MetricNameOf<"histogram">>(name: N): Histogram<MetricLabel<N>>;
  /** Runs `look` before each `text()`, to set gauges that only looking can tell; what it throws leaves them as they were. */
  beforeText(look: () => Promise<void>): void;
  /** What `GET /metrics` answers, in Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Metrics of contracts' METRICS over a registry of their own, or the given one. */
export function createMetrics(registry: Registry = new Registry()): Metrics {
  const looks: (() => Promise<void>)[] = [];
  return {
    registry,
    contentType: registry.contentType,
    beforeText: (look) => void looks.push(look),
    async text() {
      await Promise.allSettled(looks.map((look) => look()));
      return registry.metrics();
    },
    counter(name) {
      const counter = once(name, registry, () => new PromCounter(configuration(name, registry)));
      return { inc: (...args: unknown[]) => void apply(counter, "inc", args, 1) };
    },
    gauge(name) {
      const gauge = once(name, registry, () => new PromGauge(configuration(name, registry)));
      return {
        set: (...args: unknown[]) => void apply(gauge, "set", args, 0),
        add: (...args: unknown[]) => void apply(gauge, "inc", args, 1),
      };
    },
    histogram(name) {
      const { buckets } = METRICS[name] satisfies MetricSpec;
      const histogram = once(
        name,
        registry,
        () => new PromHistogram({ ...configuration(name, registry), buckets: [...buckets] }),
      );
      return { observe: (...args: unknown[]) => void apply(histogram, "observe", args, 0) };
    },
  };
}

/** Adds Node's own figures: memory, CPU, event loop, garbage collection. Once per registry. */
export function collectProcessMetrics({ registry }: Pick<Metrics, "registry">): void {
  collectDefaultMetrics({ register: registry });
}

function once<T>(name: MetricName, registry: Registry, make: () => T): T {
  return (registry.getSingleMetric(name) as T | undefined) ?? make();
}

function configuration(name: MetricName, registry: Registry) {
  const { help, labels } = METRICS[name] as MetricSpec;
  return { name, help, labelNames: [...labels], registers: [registry] };
}

/** prom-client takes labels first; a metric without labels gets an empty set. */
function apply(metric: unknown, method: string, args: readonly unknown[], otherwise: number): void {
  const [first, second] = typeof args[0] === "object" ? args : [{}, args[0]];
  (metric as Record<string, (labels: unknown, value: unknown) => void>)[method]?.(first, second ?? otherwise);
}
