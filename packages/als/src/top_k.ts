import { dot } from "./dense.ts";

/** Film vectors ordered for exact retrieval; made by `prepareTopK`, read-only. */
export interface TopKIndex {
  readonly factors: number;
  /** Number of films. */
  readonly count: number;
  /** Film rows by falling norm, ties by row. */
  readonly order: Int32Array;
  /** Norms and vectors in that order. */
  readonly norms: Float64Array;
  readonly vectors: Float32Array;
}

/** Films by a condition: a rising list of their rows, or one byte per film that is 1 for those meant. */
export type FilmSet = Int32Array | Uint8Array;

export interface TopKQuery {
  readonly index: TopKIndex;
  /** A vector of `index.factors` numbers. */
  readonly query: Float32Array;
  readonly k: number;
  /** Films that must not appear. */
  readonly exclude?: FilmSet;
  /** If given, only these may appear. */
  readonly allowed?: FilmSet;
}

/** Film rows by falling score, ties by rising row; fewer than k if fewer may appear. */
export interface TopKResult {
  readonly indices: Int32Array;
  readonly scores: Float32Array;
}

/** Sorts row-major film vectors by norm for `topK` and `similarItems`. Throws RangeError if the length is no multiple of `factors`. */
export function prepareTopK(itemFactors: Float32Array, factors: number): TopKIndex {
  const count = itemFactors.length / factors;
  if (!Number.isInteger(count))
    throw new RangeError(`Film vectors: ${itemFactors.length} is no multiple of ${factors}`);
  const normOf = Float64Array.from({ length: count }, (_, row) =>
    Math.sqrt(dot(itemFactors, row * factors, itemFactors, row * factors, factors)),
  );
  const order = Int32Array.from({ length: count }, (_, row) => row).sort((a, b) => normOf[b]! - normOf[a]! || a - b);
  const norms = Float64Array.from(order, (row) => normOf[row]!);
  const vectors = new Float32Array(itemFactors.length);
  order.forEach((row, at) => vectors.set(itemFactors.subarray(row * factors, (row + 1) * factors), at * factors));
  return { factors, count, order, norms, vectors };
}

/**
 * The k films with the greatest dot product with the query, exactly: films are visited by falling norm until the query's norm
 * times the film's norm cannot reach the k-th score (Cauchy-Schwarz; the idea of LEMP). Throws RangeError for a query of another
 * length or a k that is no whole number from 0.
 */
export function topK({ index, query, k, exclude, allowed }: TopKQuery): TopKResult {
  checkK(k);
  if (query.length !== index.factors) {
    throw new RangeError(`Query has ${query.length} numbers, the films have ${index.factors}`);
  }
  const { factors, count, order, norms, vectors } = index;
  const best = new BestFew(Math.min(k, count));
  const reach = Math.sqrt(dot(query, 0, query, 0, factors)) * (1 + 1e-9);
  for (let at = 0; at < count && best.capacity > 0; at++) {
    if (reach * norms[at]! < best.threshold) break;
    const score = dot(vectors, at * factors, query, 0, factors);
    if (score < best.threshold) continue;
    const row = order[at]!;
    if ((exclude && contains(exclude, row)) || (allowed && !contains(allowed, row))) continue;
    best.offer(score, row);
  }
  return best.sorted();
}

/**
 * The k films with the greatest cosine to the film `item` (a row of the factors `index` was made from), without itself. Films with
 * a zero vector, of which nothing is known, neither have nor are neighbours.
 */
export function similarItems({
  index,
  item,
  k,
  exclude,
  allowed,
}: Omit<TopKQuery, "query"> & { readonly item: number }): TopKResult {
  checkK(k);
  const { factors, count, order, norms, vectors } = index;
  const own = order.indexOf(item);
  if (own < 0) throw new RangeError(`Film row ${item} is not in [0, ${count})`);
  const best = new BestFew(norms[own]! > 0 ? Math.min(k, count) : 0);
  for (let at = 0; at < count && norms[at]! > 0 && best.capacity > 0; at++) {
    const score = dot(vectors, at * factors, vectors, own * factors, factors) / (norms[at]! * norms[own]!);
    const row = order[at]!;
    if (at === own || score < best.threshold) continue;
    if ((exclude && contains(exclude, row)) || (allowed && !contains(allowed, row))) continue;
    best.offer(score, row);
  }
  return best.sorted();
}

function checkK(k: number): void {
  if (!Number.isInteger(k) || k < 0) throw new RangeError(`k must be a whole number from 0, not ${k}`);
}

function contains(films: FilmSet, row: number): boolean {
  if (films instanceof Uint8Array) return films[row] === 1;
  let low = 0;
  let high = films.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (films[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return films[low] === row;
}

/** A binary heap of the best (score, row) pairs, the worst at its root: greater score first, then smaller row. */
class BestFew {
  readonly capacity: number;
  /** Scores below it cannot get in. */
  threshold = -Infinity;
  readonly #scores: Float64Array;
  readonly #rows: Int32Array;
  #size = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#scores = new Float64Array(capacity);
    this.#rows = new Int32Array(capacity);
  }

  offer(score: number, row: number): void {
    if (this.#size < this.capacity) {
      let at = this.#size++;
      for (let parent = (at - 1) >> 1; at > 0 && this.#worse(score, row, parent); parent = (at - 1) >> 1) {
        this.#move(parent, at);
        at = parent;
      }
      this.#set(at, score, row);
    } else if (!this.#worse(score, row, 0)) {
      this.#sink(score, row);
    }
    if (this.#size === this.capacity) this.threshold = this.#scores[0]!;
  }

  sorted(): TopKResult {
    const places = Array.from({ length: this.#size }, (_, at) => at);
    places.sort((a, b) => this.#scores[b]! - this.#scores[a]! || this.#rows[a]! - this.#rows[b]!);
    return {
      indices: Int32Array.from(places, (at) => this.#rows[at]!),
      scores: Float32Array.from(places, (at) => this.#scores[at]!),
    };
  }

  /** Puts a pair in the root's place. */
  #sink(score: number, row: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const sibling = child + 1;
      if (sibling < this.#size && this.#worse(this.#scores[sibling]!, this.#rows[sibling]!, child)) child = sibling;
      if (this.#worse(score, row, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, score, row);
  }

  #worse(score: number, row: number, than: number): boolean {
    const other = this.#scores[than]!;
    return score < other || (score === other && row > this.#rows[than]!);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#scores[from]!, this.#rows[from]!);
  }

  #set(at: number, score: number, row: number): void {
    this.#scores[at] = score;
    this.#rows[at] = row;
  }
}
