import type { StepProgress } from "@cinelake/all_in_one";

/** Where a command's progress is shown: a bar for the running step, a line with its time when it is done; a failed one says nothing more. */
export interface ProgressView {
  progress(progress: StepProgress): void;
  finished(name: string, milliseconds: number, failed: boolean): void;
}

const BAR = 24;
const CLEAR_LINE = "\r\x1b[K";
const REDRAW_EVERY_MS = 80;

/** What a progress view draws on: standard error, or anything like it. */
type ProgressStream = Pick<NodeJS.WriteStream, "isTTY"> & { write(text: string): unknown };

/** On a terminal a bar that redraws itself; elsewhere finished steps only, and nothing at all if `quiet`. */
export function progressView(
  stream: ProgressStream,
  { quiet, now = () => performance.now() }: { readonly quiet: boolean; readonly now?: () => number },
): ProgressView {
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    progress(progress) {
      if (!stream.isTTY || now() - drawnAt < REDRAW_EVERY_MS) return;
      drawnAt = now();
      stream.write(`${CLEAR_LINE}${progressLine(progress)}`);
    },
    finished(name, milliseconds, failed) {
      if (stream.isTTY) stream.write(CLEAR_LINE);
      else if (quiet) return;
      if (!failed) stream.write(`  done  ${name.padEnd(34)}${formatDuration(milliseconds).padStart(9)}\n`);
    },
  };
}

/** `train [####....] 3,502 of 100,836 rows` for one step; without a total only what is done. Bytes are shown in MB (2^20). */
export function progressLine({ name, done, total, unit }: StepProgress): string {
  const count = (value: number): string =>
    unit === "bytes" ? `${(value / 1_048_576).toFixed(1)} MB` : value.toLocaleString("en-US");
  if (total === undefined || total <= 0)
    return `        ${name.padEnd(34)} ${count(done)}${unit === "bytes" ? "" : ` ${unit}`}`;
  const filled = Math.min(BAR, Math.round((done / total) * BAR));
  const bar = `[${"#".repeat(filled)}${".".repeat(BAR - filled)}]`;
  return `        ${name.padEnd(34)} ${bar} ${count(done)} of ${count(total)}${unit === "bytes" ? "" : ` ${unit}`}`;
}

/** `87 ms`, `4.2 s`, `3 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  if (Math.round(milliseconds) < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
