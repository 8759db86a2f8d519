export type { AlsHooks, AlsModel, AlsOptions, AlsProgress, CsrMatrix, ServingSnapshot } from "./api.ts";
export { buildCsr, checkCsr, transpose } from "./csr.ts";
export { dot, gram } from "./dense.ts";
export { foldIn, type FoldInInput } from "./fold_in.ts";
export { alsLoss } from "./loss.ts";
export { checkAlsOptions, defaultAlsOptions } from "./options.ts";
export { preferenceOfRating } from "./preference.ts";
export { decodeSnapshot, encodeSnapshot, SnapshotError } from "./snapshot.ts";
export {
  prepareTopK,
  similarItems,
  topK,
  type FilmSet,
  type TopKIndex,
  type TopKQuery,
  type TopKResult,
} from "./top_k.ts";
export { seededUniform } from "./random.ts";
export { trainAls } from "./train.ts";
