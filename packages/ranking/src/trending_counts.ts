import type { TrendingOptions } from "./trending_options.ts";
import { addEvent, effectiveFilms, newPair, newest, scalePair, WINDOW_COUNT, type Pair } from "./trending_pair.ts";

/** Weights are numbers relative to an epoch; with one hour of half-life they leave the range of a double after 1,000 hours. */
const EPOCH_SPAN = 400 * 3_600_000;
const LONGEST = WINDOW_COUNT - 1;

/** Sums over a film's users at the epoch; at `now` each is `2^(-(now - epoch) / halfLife)` of it. */
export interface FilmSums {
  /** Damped weight per window, in the order of `TRENDING_WINDOWS`, and the baseline's. */
  readonly weights: readonly number[];
  /** Latest event of each user who counts among the distinct ones, rising. */
  readonly userTimes: Float64Array;
}

interface User {
  readonly pairs: Map<number, Pair>;
  /** 1 / sqrt(effective number of films) per window. */
  readonly damping: number[];
}

/**
 * Counts of interest, with forward decay: a film's sums change only when an event changes one of its users, so that time alone
 * costs nothing.
 */
export class TrendingCounts {
  readonly #options: TrendingOptions;
  readonly #users = new Map<number, User>();
  readonly #films = new Map<number, Map<number, Pair>>();
  readonly #sums = new Map<number, FilmSums>();
  readonly #staleUsers = new Set<number>();
  readonly #staleFilms = new Set<number>();
  #pairCount = 0;
  #epoch = 0;

  constructor(options: TrendingOptions) {
    this.#options = options;
  }

  get size(): { pairs: number; users: number; films: number } {
    return { pairs: this.#pairCount, users: this.#users.size, films: this.#films.size };
  }

  /** False if the event says nothing that is not known. */
  add(userId: number, movieId: number, weightClass: number, eventTs: number): boolean {
    const pair = this.#pairOf(userId, movieId);
    if (!addEvent(pair, weightClass, eventTs)) return false;
    this.#rescale(pair);
    return true;
  }

  /** Takes what is known of a pair; for `restore`. */
  insert(known: Omit<Pair, "scaled">): void {
    const pair = this.#pairOf(known.userId, known.movieId);
    Object.assign(pair, { latest: known.latest, lastDay: known.lastDay, days: known.days });
    this.#rescale(pair);
  }

  *pairs(): Generator<Pair> {
    for (const film of this.#films.values()) yield* film.values();
  }

  /** Sums of every film at `epoch`, made anew where something changed. */
  sums(): { readonly epoch: number; readonly films: ReadonlyMap<number, FilmSums> } {
    for (const userId of this.#staleUsers) {
      const user = this.#users.get(userId);
      if (!user) continue;
      for (let window = 0; window < WINDOW_COUNT; window++) {
        user.damping[window] = 1 / Math.sqrt(effectiveFilms(user.pairs.values(), window));
      }
      for (const movieId of user.pairs.keys()) this.#staleFilms.add(movieId);
    }
    this.#staleUsers.clear();
    for (const movieId of this.#staleFilms) {
      const pairs = this.#films.get(movieId);
      if (pairs) this.#sums.set(movieId, this.#sumFilm(pairs));
      else this.#sums.delete(movieId);
    }
    this.#staleFilms.clear();
    return { epoch: this.#epoch, films: this.#sums };
  }

  /** Forgets pairs without an event since `time`. */
  dropBefore(time: number): void {
    for (const pair of this.pairs()) if (newest(pair) < time) this.#remove(pair);
  }

  #sumFilm(pairs: ReadonlyMap<number, Pair>): FilmSums {
    const weights = [0, 0, 0, 0];
    const userTimes = new Float64Array(pairs.size);
    const leastDamping = 1 / Math.sqrt(this.#options.maxSpread);
    let counted = 0;
    for (const pair of pairs.values()) {
      const { damping } = this.#users.get(pair.userId)!;
      for (let window = 0; window < WINDOW_COUNT; window++) {
        weights[window]! += pair.scaled[window]! * damping[window]!;
      }
      weights[WINDOW_COUNT]! += pair.scaled[WINDOW_COUNT]! * damping[LONGEST]!;
      if (damping[LONGEST]! >= leastDamping) userTimes[counted++] = newest(pair);
    }
    return { weights, userTimes: userTimes.subarray(0, counted).sort() };
  }

  #rescale(pair: Pair): void {
    const time = newest(pair);
    if (Math.abs(time - this.#epoch) > EPOCH_SPAN && time > this.#epoch) {
      this.#epoch = time;
      for (const other of this.pairs()) {
        scalePair(other, time, this.#options.baselineHalfLife);
        this.#staleUsers.add(other.userId);
      }
    }
    scalePair(pair, this.#epoch, this.#options.baselineHalfLife);
    this.#staleUsers.add(pair.userId);
  }

  #pairOf(userId: number, movieId: number): Pair {
    const known = this.#users.get(userId)?.pairs.get(movieId);
    if (known) return known;
    this.#makeRoom(userId);
    const pair = newPair(userId, movieId);
    const user = this.#users.get(userId);
    if (user) user.pairs.set(movieId, pair);
    else this.#users.set(userId, { pairs: new Map([[movieId, pair]]), damping: [1, 1, 1] });
    const film = this.#films.get(movieId);
    if (film) film.set(userId, pair);
    else this.#films.set(movieId, new Map([[userId, pair]]));
    this.#pairCount++;
    return pair;
  }

  #makeRoom(userId: number): void {
    const own = this.#users.get(userId)?.pairs;
    if (own && own.size >= this.#options.maxFilmsPerUser) {
      this.#evict([...own.values()], this.#options.maxFilmsPerUser);
    }
    if (this.#pairCount >= this.#options.maxPairs) this.#evict([...this.pairs()], this.#options.maxPairs);
  }

  /** Removes what weighs least in the longest window, a tenth of the cap at a time: the search is paid by many events. */
  #evict(pairs: readonly Pair[], cap: number): void {
    const excess = pairs.length - Math.floor(cap * 0.9);
    const limit = Float64Array.from(pairs, (pair) => pair.scaled[LONGEST]!).sort()[excess - 1]!;
    let removed = 0;
    for (const pair of pairs) {
      if (removed >= excess || pair.scaled[LONGEST]! > limit) continue;
      this.#remove(pair);
      removed++;
    }
  }

  #remove(pair: Pair): void {
    const film = this.#films.get(pair.movieId);
    if (!film?.delete(pair.userId)) return;
    if (film.size === 0) this.#films.delete(pair.movieId);
    const user = this.#users.get(pair.userId);
    user?.pairs.delete(pair.movieId);
    if (user?.pairs.size === 0) this.#users.delete(pair.userId);
    this.#staleFilms.add(pair.movieId);
    this.#staleUsers.add(pair.userId);
    this.#pairCount--;
  }
}
