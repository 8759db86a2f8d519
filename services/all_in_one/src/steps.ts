/** How far a step is. */
export interface StepProgress {
  readonly name: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: string;
}

export type ReportProgress = (progress: Omit<StepProgress, "name"> & { readonly name?: string }) => void;

/** Runs a named piece of work and tells how far it is and how long it took. */
export type RunStep = <T>(name: string, work: (report: ReportProgress) => Promise<T>) => Promise<T>;

/** Steps that report to a view (a terminal, a socket). */
export function stepRunner(view: {
  readonly progress: (progress: StepProgress) => void;
  readonly finished: (name: string, milliseconds: number, failed: boolean) => void;
}): RunStep {
  return async (name, work) => {
    const started = performance.now();
    let failed = true;
    try {
      const result = await work((progress) =>
        view.progress({ ...progress, name: progress.name === undefined ? name : `${name}: ${progress.name}` }),
      );
      failed = false;
      return result;
    } finally {
      view.finished(name, performance.now() - started, failed);
    }
  };
}
