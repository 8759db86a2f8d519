import type { MetricSpec } from "../../src/metrics.ts";
import { markdownTable } from "./text.ts";

/** docs/metrics.md. */
export function metricPage(metrics: Readonly<Record<string, MetricSpec>>): string {
  const rows = Object.entries(metrics).map(([name, { type, labels, help, buckets }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    buckets ? `${help} Buckets up to ${buckets.map(String).join(", ")}.` : help,
  ]);
  return `<!-- Made by packages/contracts/scripts/generate.ts from packages/contracts/src/metrics.ts: change that and run \`make generate\`. -->
# Metrics

\`GET /metrics\` of every service answers in Prometheus' text format. A service shows the metrics it works with, and Node's own (\`process_*\`, \`nodejs_*\`).
Names carry their unit, times are in seconds, counters end in \`_total\`. No label holds a user, a film or a free text, so the number of series stays small.

${markdownTable(["Metric", "Type", "Labels", "Meaning"], rows)}
`;
}
