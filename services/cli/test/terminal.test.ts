import { expect, test } from "vitest";
import { formatDuration, progressLine, progressView } from "../src/terminal.ts";

const CLEAR = "\r\u001B[K";

function stream(isTTY: boolean): { isTTY: boolean; written: string[]; write(text: string): void } {
  const written: string[] = [];
  return { isTTY, written, write: (text) => void written.push(text) };
}

const squeezed = (line: string): string => line.trim().replaceAll(/ {2,}/g, " ");

test.each([
  [{ name: "train", done: 0, total: 16, unit: "iterations" }, `train [${".".repeat(24)}] 0 of 16 iterations`],
  [
    { name: "rows", done: 50_418, total: 100_836, unit: "rows" },
    `rows [${"#".repeat(12)}${".".repeat(12)}] 50,418 of 100,836 rows`,
  ],
  [{ name: "rows", done: 7, total: 5, unit: "rows" }, `rows [${"#".repeat(24)}] 7 of 5 rows`],
  [
    { name: "download", done: 1_572_864, total: 3_145_728, unit: "bytes" },
    `download [${"#".repeat(12)}${".".repeat(12)}] 1.5 MB of 3.0 MB`,
  ],
  [{ name: "download", done: 1_572_864, unit: "bytes" }, "download 1.5 MB"],
  [{ name: "rows", done: 1200, total: 0, unit: "rows" }, "rows 1,200 rows"],
])("a step shows how far it is: %o", (progress, expected) => {
  expect(squeezed(progressLine(progress))).toBe(expected);
});

test.each([
  [0, "0 ms"],
  [87.4, "87 ms"],
  [999, "999 ms"],
  [999.7, "1.0 s"],
  [4_249, "4.2 s"],
  [59_949, "59.9 s"],
  [59_999, "1 min 00 s"],
  [185_000, "3 min 05 s"],
  [3_600_000, "60 min 00 s"],
])("%d ms is shown as %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});

test("in a pipe a quiet view says nothing, another one finished steps only, and neither draws", () => {
  const [quiet, plain] = [stream(false), stream(false)];
  for (const [to, options] of [[quiet, { quiet: true }] as const, [plain, { quiet: false }] as const]) {
    const view = progressView(to, options);
    view.progress({ name: "etl", done: 1, total: 2, unit: "steps" });
    view.finished("etl", 1500, false);
    view.finished("train", 1500, true);
  }
  expect(quiet.written).toEqual([]);
  expect(plain.written.map(squeezed)).toEqual(["done etl 1.5 s"]);
});

test("on a terminal the bar is redrawn in place, not at every call, and gives way to the finished step", () => {
  const terminal = stream(true);
  let time = 0;
  const view = progressView(terminal, { quiet: true, now: () => time });
  for (let done = 0; done < 70; done++, time++) view.progress({ name: "etl", done, total: 100, unit: "steps" });
  expect(terminal.written).toHaveLength(1);
  time = 80;
  view.progress({ name: "etl", done: 100, total: 100, unit: "steps" });
  expect(terminal.written).toHaveLength(2);
  expect(terminal.written.every((text) => text.startsWith(CLEAR))).toBe(true);
  view.finished("etl", 20, false);
  expect(terminal.written.slice(2).map(squeezed)).toEqual([CLEAR.trim(), "done etl 20 ms"]);
});

test("a failed step only clears the bar: what went wrong is told by the error's own line", () => {
  const terminal = stream(true);
  progressView(terminal, { quiet: false }).finished("etl", 20, true);
  expect(terminal.written).toEqual([CLEAR]);
});
