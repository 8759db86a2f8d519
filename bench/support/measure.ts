import { availableParallelism, cpus, totalmem } from "node:os";

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * A row of a table: medians of both works, run in turn after a round to warm up, so that a machine whose speed drifts is fair to both, and
 * the median of the ratios pair by pair. `bytes` gives a rate, in megabytes of 10^6 bytes.
 */
export async function compare(
  what: string,
  runs: number,
  bytes: number | undefined,
  ours: () => Promise<unknown>,
  theirs: () => Promise<unknown>,
): Promise<string[]> {
  await ours();
  await theirs();
  const pairs: { readonly ours: number; readonly theirs: number }[] = [];
  for (let run = 0; run < runs; run++) pairs.push({ ours: await timed(ours), theirs: await timed(theirs) });
  const time = median(pairs.map((pair) => pair.ours));
  const ratio = median(pairs.map((pair) => pair.ours / pair.theirs));
  const rate = bytes === undefined ? "" : (bytes / 1e6 / (time / 1000)).toFixed(0);
  return [what, time.toFixed(1), median(pairs.map((pair) => pair.theirs)).toFixed(1), ratio.toFixed(2), rate];
}

/** Prints what the figures below were measured under. */
export function conditions(facts: Readonly<Record<string, string | number>>): void {
  const machine = {
    node: process.version,
    processors: availableParallelism(),
    model: cpus()[0]?.model.trim() ?? "unknown",
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  };
  const text = Object.entries({ ...machine, ...facts }).map(([name, value]) => `${name} ${value.toLocaleString("en")}`);
  process.stdout.write(`${text.join(", ")}\n\n`);
}

/** Prints a table in Markdown. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(`${line(head)}${line(head.map(() => "---"))}${rows.map(line).join("")}\n`);
}
