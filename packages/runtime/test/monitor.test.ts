import { createMetrics, createMonitor, monitored, type Service } from "@cinelake/runtime";
import { afterEach, describe, expect, test } from "vitest";

const LOOPBACK = { metricsHost: "127.0.0.1", metricsPort: 0 };
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function service(name: string, problem: () => Promise<string | undefined> = async () => undefined): Service {
  return { name, start: async () => undefined, stop: async () => undefined, health: problem };
}

async function open(watched: Service) {
  const metrics = createMetrics();
  const monitor = createMonitor({ metrics, watched: [watched] }, LOOPBACK);
  await monitor.start();
  stops.push(() => monitor.stop());
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${monitor.address()}${path}`, init);
    return { status: response.status, text: await response.text(), type: response.headers.get("content-type") };
  };
  return { metrics, monitor, get };
}

describe("the monitor", () => {
  test("shows the metrics as Prometheus reads them", async () => {
    const { metrics, get } = await open(service("consumer"));
    metrics.counter("cinelake_stream_rows_written_total").inc({ table: "silver_ratings" }, 7);
    const { status, text, type } = await get("/metrics");
    expect([status, type]).toEqual([200, metrics.contentType]);
    expect(text).toContain('cinelake_stream_rows_written_total{table="silver_ratings"} 7');
  });

  test("is healthy while the process lives, and ready while the service is well", async () => {
    let problem: string | undefined = "the log does not answer";
    const { get } = await open(service("consumer", async () => problem));
    expect((await get("/health")).status).toBe(200);
    const unwell = await get("/ready");
    expect(unwell.status).toBe(503);
    expect(JSON.parse(unwell.text)).toEqual({ status: "not_ready", problem: "consumer: the log does not answer" });
    problem = undefined;
    expect((await get("/ready?verbose")).status).toBe(200);
  });

  test("answers nothing else, and changes nothing", async () => {
    const { get } = await open(service("consumer"));
    expect((await get("/")).status).toBe(404);
    expect((await get("/metrics", { method: "POST", body: "x" })).status).toBe(405);
    expect(await get("/health", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });

  test("a stop ends at once, also with a connection that waits", async () => {
    const { monitor, get } = await open(service("consumer"));
    await get("/health", { headers: { connection: "keep-alive" } });
    await monitor.stop();
    await monitor.stop();
    expect(monitor.address()).toBeUndefined();
  });
});

describe("a monitored service", () => {
  test("tells Prometheus whether it is well, at each scrape, with the process's own figures", async () => {
    const metrics = createMetrics();
    let problem: string | undefined;
    const whole = monitored(
      service("consumer", async () => problem),
      metrics,
      LOOPBACK,
    );
    await whole.start();
    stops.push(() => whole.stop());
    expect(await metrics.text()).toContain('cinelake_service_up{service="consumer"} 1');
    problem = "away";
    const text = await metrics.text();
    expect(text).toContain('cinelake_service_up{service="consumer"} 0');
    expect(text).toContain("process_resident_memory_bytes");
    expect(await whole.health()).toBe("consumer: away");
  });

  test("without a port there is nothing to look at", async () => {
    const monitor = createMonitor({ metrics: createMetrics(), watched: [] }, { metricsHost: "127.0.0.1" });
    await monitor.start();
    expect(monitor.address()).toBeUndefined();
    await monitor.stop();
  });
});
