/** One step's state: `done` of `total` (undefined while it is not known). The last report of a finished step has `done === total`. */
export interface StepProgress {
  readonly name: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: "bytes" | "rows";
}

export type Progress = (step: StepProgress) => void;

/** Receives the running count of a long operation. */
export type Counter = (done: number, total: number | undefined) => void;

/** A counter that reports a step at most every `interval` milliseconds, and always its end. */
export function stepCounter(progress: Progress, name: string, unit: StepProgress["unit"], interval = 100): Counter {
  let last = -Infinity;
  return (done, total) => {
    const now = performance.now();
    if (done !== total && now - last < interval) return;
    last = now;
    progress(total === undefined ? { name, done, unit } : { name, done, total, unit });
  };
}
