import { gram, prepareTopK, similarItems, type AlsOptions, type CsrMatrix, type TopKIndex } from "@cinelake/als";

/** What ranking needs of a model: the film vectors and what follows from them. Row i belongs to film `movieIds[i]`; ids rise. */
export interface FilmSpace {
  readonly factors: number;
  readonly movieIds: Float64Array;
  /** Row-major, `movieIds.length * factors`. */
  readonly itemFactors: Float32Array;
  /** Euclidean length of each film's vector. */
  readonly norms: Float32Array;
  /** `itemFactors^T itemFactors`, as fold-in takes it. */
  readonly gram: Float64Array;
  /** 0..1: log(1 + ratings of the film) over that of the most rated one. */
  readonly popularity: Float32Array;
  /** Rows by falling popularity, ties by row. */
  readonly popularOrder: Int32Array;
  readonly topK: TopKIndex;
  readonly options: AlsOptions;
}

/** Prepares a model's film vectors for ranking; O(films * factors^2), once per model. */
export function filmSpaceOf(model: {
  readonly options: AlsOptions;
  readonly movieIds: Float64Array;
  readonly itemFactors: Float32Array;
  readonly ratings: CsrMatrix;
}): FilmSpace {
  const { itemFactors, movieIds, options } = model;
  const factors = options.factors;
  const norms = new Float32Array(movieIds.length);
  for (let film = 0; film < movieIds.length; film++) norms[film] = Math.sqrt(dotRows(itemFactors, film, film, factors));
  const popularity = popularityOf(model.ratings);
  const popularOrder = Int32Array.from(popularity.keys());
  popularOrder.sort((a, b) => popularity[b]! - popularity[a]! || a - b);
  return {
    factors,
    movieIds,
    itemFactors,
    norms,
    gram: gram(itemFactors, movieIds.length, factors),
    popularity,
    popularOrder,
    topK: prepareTopK(itemFactors, factors),
    options,
  };
}

/** Row of a film, or -1 if the model does not know it. */
export function filmIndex(movieIds: Float64Array, movieId: number): number {
  let low = 0;
  let high = movieIds.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = movieIds[middle]!;
    if (found === movieId) return middle;
    if (found < movieId) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Dot product of a vector with film `index`'s. */
export function dotFilm(space: FilmSpace, index: number, vector: ArrayLike<number>): number {
  const start = index * space.factors;
  let sum = 0;
  for (let f = 0; f < space.factors; f++) sum += space.itemFactors[start + f]! * vector[f]!;
  return sum;
}

/** Cosine of two films' vectors, -1..1; 0 if one of them is the zero vector. */
export function filmSimilarity(space: FilmSpace, a: number, b: number): number {
  const lengths = space.norms[a]! * space.norms[b]!;
  return lengths > 0 ? dotRows(space.itemFactors, a, b, space.factors) / lengths : 0;
}

/** A film close to another one. */
export interface Neighbour {
  readonly movieId: number;
  readonly similarity: number;
}

/** The `n` films closest to film `index` by cosine, closest first; none if its vector is zero. O(films * factors). */
export function neighboursOf(space: FilmSpace, index: number, n: number): Neighbour[] {
  const { indices, scores } = similarItems({ index: space.topK, item: index, k: n });
  return Array.from(indices, (row, at) => ({ movieId: space.movieIds[row]!, similarity: scores[at]! }));
}

function popularityOf(ratings: CsrMatrix): Float32Array {
  const counts = new Float64Array(ratings.columns);
  for (let at = 0; at < ratings.indices.length; at++) counts[ratings.indices[at]!]!++;
  const most = counts.reduce((max, count) => Math.max(max, count), 0);
  return Float32Array.from(counts, (count) => (most > 0 ? Math.log1p(count) / Math.log1p(most) : 0));
}

function dotRows(rows: Float32Array, a: number, b: number, factors: number): number {
  let sum = 0;
  for (let f = 0; f < factors; f++) sum += rows[a * factors + f]! * rows[b * factors + f]!;
  return sum;
}
