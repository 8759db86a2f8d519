import { CinelakeError } from "@cinelake/contracts";
import { openEventLog, type EventLog } from "@cinelake/event_log";
import { expect, test, vi } from "vitest";
import { createLogger, createMetrics, watchLog, type Metrics } from "@cinelake/runtime";

const logger = createLogger({ service: "test", level: "silent", pretty: false });
const WATCH = { intervalMs: 5 };

async function valueOf(metrics: Metrics, series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

test("a log is told of: that it answers, its servers, and from where to where each partition reaches", async () => {
  await using log = await openEventLog("memory:");
  await log.createTopics([{ name: "events", partitions: 1 }]);
  const metrics = createMetrics();
  const watch = watchLog({ log, logger, metrics }, WATCH);
  await watch.start();
  await log.append(
    "events",
    [1, 2, 3].map((each) => ({ key: "k", value: Buffer.from(String(each)) })),
  );
  await vi.waitFor(async () =>
    expect(await valueOf(metrics, 'cinelake_log_end_offset{topic="events",partition="0"}')).toBe(3),
  );
  expect(await valueOf(metrics, 'cinelake_log_first_offset{topic="events",partition="0"}')).toBe(0);
  expect(await valueOf(metrics, "cinelake_log_up")).toBe(1);
  expect(await valueOf(metrics, "cinelake_log_servers")).toBe(1);
  expect(await valueOf(metrics, "cinelake_log_partitions_offline")).toBe(0);
  expect(await valueOf(metrics, "cinelake_log_partitions_short_of_copies")).toBe(0);
  await watch.stop();
});

test("a log that goes away is down, the watch stays well and sees it come back", async () => {
  await using log = await openEventLog("memory:");
  await log.createTopics([{ name: "events", partitions: 1 }]);
  let away = false;
  const flaky = new Proxy(log, {
    get(target, name: keyof EventLog) {
      if (name === "state" && away) {
        return () => Promise.reject(new CinelakeError("log_unavailable", "the broker is away"));
      }
      const member: unknown = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const metrics = createMetrics();
  const watch = watchLog({ log: flaky, logger, metrics }, WATCH);
  await watch.start();
  const expectUp = (value: number) =>
    vi.waitFor(async () => expect(await valueOf(metrics, "cinelake_log_up")).toBe(value));
  await expectUp(1);
  away = true;
  await expectUp(0);
  expect(await watch.health()).toBeUndefined();
  expect(await valueOf(metrics, 'cinelake_log_end_offset{topic="events",partition="0"}')).toBe(0);
  away = false;
  await expectUp(1);
  await watch.stop();
});

test("once stopped it asks the log nothing more, and stops twice or unstarted without harm", async () => {
  await using log = await openEventLog("memory:");
  const looks = vi.spyOn(log, "state");
  const watch = watchLog({ log, logger, metrics: createMetrics() }, WATCH);
  await watch.start();
  await watch.start();
  await Promise.all([watch.stop(), watch.stop()]);
  const asked = looks.mock.calls.length;
  await new Promise((resolve) => void setTimeout(resolve, 4 * WATCH.intervalMs));
  expect(looks.mock.calls.length).toBe(asked);
  await watchLog({ log, logger, metrics: createMetrics() }, WATCH).stop();
});
