import { expect, test } from "vitest";
import { METRICS, type MetricName } from "@cinelake/contracts";
import { collectProcessMetrics, createMetrics } from "@cinelake/runtime";

test("a metric asked for twice is one", async () => {
  const metrics = createMetrics();
  metrics.counter("cinelake_events_accepted_total").inc({ type: "view" });
  metrics.counter("cinelake_events_accepted_total").inc({ type: "view" }, 2);
  expect(await metrics.text()).toContain('cinelake_events_accepted_total{type="view"} 3');
});

test("metrics of one registry are not those of another", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.gauge("cinelake_model_age_seconds").set(1);
  expect(await other.text()).not.toContain("cinelake_model_age_seconds");
});

test("gauges are set and added to, histograms count into their own buckets, with labels and without", async () => {
  const metrics = createMetrics();
  metrics.gauge("cinelake_http_requests_in_flight").add();
  metrics.gauge("cinelake_http_requests_in_flight").add(2);
  metrics.gauge("cinelake_http_requests_in_flight").add(-1);
  metrics.gauge("cinelake_stream_lag_records").set({ topic: "t", partition: 0 }, 7);
  metrics.histogram("cinelake_stream_flush_duration_seconds").observe({ topic: "t" }, 0.07);
  const labels = { method: "GET", route: "/health", status: 200 };
  metrics.histogram("cinelake_http_request_duration_seconds").observe(labels, 0.003);
  const text = await metrics.text();
  expect(text).toContain("cinelake_http_requests_in_flight 2");
  expect(text).toContain('cinelake_stream_lag_records{topic="t",partition="0"} 7');
  expect(text).toContain('cinelake_stream_flush_duration_seconds_bucket{le="0.1",topic="t"} 1');
  expect(text).toContain(
    'cinelake_http_request_duration_seconds_bucket{le="0.0025",method="GET",route="/health",status="200"} 0',
  );
  expect(text).toContain(
    'cinelake_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/health",status="200"} 1',
  );
});

test("a gauge that is cleared shows nothing until it is set again", async () => {
  const metrics = createMetrics();
  const [plain, labelled] = [metrics.gauge("cinelake_model_training_seconds"), metrics.gauge("cinelake_model_info")];
  plain.set(3);
  labelled.set({ version: "a" }, 1);
  for (const gauge of [plain, labelled]) gauge.clear();
  expect(await metrics.text()).not.toMatch(/^cinelake/m);
  labelled.set({ version: "b" }, 1);
  expect(await metrics.text()).toMatch(/^cinelake_model_info\{version="b"\} 1$/m);
});

test("every metric of the list can be made, with its help and type", async () => {
  const metrics = createMetrics();
  for (const [name, { type, help }] of Object.entries(METRICS) as [MetricName, (typeof METRICS)[MetricName]][]) {
    (metrics[type] as (name: MetricName) => unknown)(name);
    const text = await metrics.text();
    expect(text).toContain(`# HELP ${name} ${help}`);
    expect(text).toContain(`# TYPE ${name} ${type}`);
  }
});

test("names and labels that the list does not have are type errors", () => {
  const metrics = createMetrics();
  // @ts-expect-error no such metric
  expect(() => metrics.counter("cinelake_nothing_total")).toThrow();
  // @ts-expect-error a gauge is no counter
  metrics.counter("cinelake_model_age_seconds");
  const accepted = metrics.counter("cinelake_events_accepted_total");
  // @ts-expect-error no such label
  expect(() => accepted.inc({ kind: "view" })).toThrow();
  // @ts-expect-error the label is missing
  accepted.inc();
});

test("process figures are added once they are asked for", async () => {
  const metrics = createMetrics();
  expect(await metrics.text()).not.toContain("process_cpu");
  collectProcessMetrics(metrics);
  expect(await metrics.text()).toContain("process_cpu_seconds_total");
});
