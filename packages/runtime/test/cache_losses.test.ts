import { expect, test } from "vitest";
import { createLogger, createMetrics, reportCacheLosses } from "@cinelake/runtime";

test("every lost call is counted, and one a minute is warned of", async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: "api", pretty: false, destination });
  const metrics = createMetrics();
  let now = 0;
  const report = reportCacheLosses({ logger, metrics }, () => now);
  for (now = 0; now < 120_000; now += 1_000) {
    report({ operation: "read", reason: "away", detail: `at ${now}` });
  }
  expect(await metrics.text()).toContain('cinelake_cache_losses_total{operation="read",reason="away"} 120');
  expect(lines.map((line) => (JSON.parse(line) as { detail: string }).detail)).toEqual(["at 0", "at 60000"]);
});
