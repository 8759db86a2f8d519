import { expect, test } from "vitest";
import { CinelakeError, ERROR_CODES, findError, METRICS, trendingKey, type MetricSpec } from "@cinelake/contracts";

test("every error has a status of HTTP, a title without a full stop and advice with one", () => {
  for (const [code, { status, title, advice }] of Object.entries(ERROR_CODES)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(status).toSatisfy((value: number) => value >= 400 && value < 600);
    expect(title).toMatch(/[^.]$/);
    expect(advice).toMatch(/\.$/);
  }
});

test("an error is found among the causes, by its code, in anything thrown", () => {
  const inner = new CinelakeError("disk_full", "No space");
  const outer = new Error("outer", { cause: new CinelakeError("internal", "middle", { cause: inner }) });
  expect(findError(outer)?.code).toBe("internal");
  expect(findError(outer, "disk_full")).toBe(inner);
  expect(findError(outer, "aborted")).toBeUndefined();
  for (const thrown of [undefined, null, "text", {}, Object.assign(new Error("loop"), {})])
    expect(findError(thrown)).toBeUndefined();
  const loop = new Error("loop");
  loop.cause = loop;
  expect(findError(loop)).toBeUndefined();
});

test("metrics keep to Prometheus' conventions", () => {
  for (const [name, { type, help, labels, buckets }] of Object.entries(METRICS) as [string, MetricSpec][]) {
    expect(name).toMatch(/^cinelake_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect(labels.join()).not.toMatch(/user|movie|film|\ble\b/);
    expect(buckets !== undefined, name).toBe(type === "histogram");
    if (buckets) expect(buckets).toEqual([...new Set(buckets)].sort((a, b) => a - b));
  }
});

test("cache keys name what they hold", () => {
  expect(trendingKey("24h")).toBe("trending:24h");
});
