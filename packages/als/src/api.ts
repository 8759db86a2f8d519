/**
 * Sparse rows: row r has columns `indices[indptr[r] .. indptr[r+1])` with `values` beside them; columns rise within a row.
 * `values` are preferences with their strength: v > 0 a liked pair with extra confidence v, v < 0 a disliked pair (target 0, extra
 * confidence |v|); pairs that are absent have the weight `unobservedWeight` and target 0.
 */
export interface CsrMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
}

/** iALS of Rendle et al. 2022 ("Revisiting the Performance of iALS"): observed loss + unobservedWeight * all pairs + frequency-scaled ridge. */
export interface AlsOptions {
  readonly factors: number;
  readonly iterations: number;
  /** lambda. */
  readonly regularization: number;
  /** alpha0. */
  readonly unobservedWeight: number;
  /** nu: ridge of a row is lambda * (#observed + alpha0 * #columns)^nu. */
  readonly frequencyExponent: number;
  readonly seed: number;
  readonly solver: "cholesky" | "cg";
  /** Inner steps of the conjugate gradient, warm-started. */
  readonly cgSteps: number;
}

export interface AlsProgress {
  readonly iteration: number;
  readonly iterations: number;
  /** Objective after the iteration, only if `computeLoss`. */
  readonly loss?: number;
}

export interface AlsHooks {
  readonly onProgress?: (progress: AlsProgress) => void;
  readonly computeLoss?: boolean;
  readonly signal?: AbortSignal;
}

/** Row-major vectors: user u at [u * factors, (u + 1) * factors). */
export interface AlsModel {
  readonly factors: number;
  readonly userFactors: Float32Array;
  readonly itemFactors: Float32Array;
  readonly options: AlsOptions;
}

/** What a serving process needs of one model, in one file. Ids rise; index i of the ids is row i of the factors. */
export interface ServingSnapshot {
  readonly modelVersion: string;
  readonly options: AlsOptions;
  readonly userIds: Float64Array;
  readonly userFactors: Float32Array;
  readonly movieIds: Float64Array;
  readonly itemFactors: Float32Array;
  /** Ratings the model was trained on: rows are users, columns films, values stars. */
  readonly ratings: CsrMatrix;
  /** Seconds since the epoch, beside `ratings.values`. */
  readonly ratingTimes: Float64Array;
  /** Next offsets (`topic/partition`) of the events that are part of `ratings`. */
  readonly nextOffsets: Readonly<Record<string, number>>;
}
