import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { partitionKey, type LogRecord, type Offsets } from "@cinelake/event_log";
import {
  createTrending,
  TRENDING_DEFAULTS,
  type HistoryFilm,
  type Trending,
  type TrendingOptions,
  type TrendingPublication,
} from "@cinelake/ranking";
import { decodeRecord } from "./decode.ts";
import type { Genres } from "./history.ts";
import { RecentIds } from "./recent_ids.ts";
import { beyondLog, type SavedState } from "./saved_state.ts";

const REMEMBERED_EVENTS = 100_000;

/** Everything the aggregator knows: counts, offsets, history and genres. No I/O, no clock. */
export class Aggregation {
  readonly #retention: number;
  readonly #seen = new RecentIds(REMEMBERED_EVENTS);
  readonly #trending: Trending;
  #offsets = new Map<string, number>();
  #genres: Genres = new Map();

  constructor(options: Partial<TrendingOptions>) {
    this.#retention = options.retention ?? TRENDING_DEFAULTS.retention;
    this.#trending = createTrending(options);
  }

  /** Next offset to read of each partition. */
  get offsets(): Offsets {
    return this.#offsets;
  }

  /** Goes on from a saved state unless it belongs to another log: then says why and starts from nothing. */
  restore(saved: SavedState, next: Offsets): string | undefined {
    const problem = beyondLog(saved.offsets, next);
    if (problem !== undefined) return problem;
    this.#trending.restore(saved.trending);
    this.#offsets = new Map(saved.offsets);
    return undefined;
  }

  save(): SavedState {
    return { offsets: new Map(this.#offsets), trending: this.#trending.snapshot() };
  }

  seed(history: Iterable<HistoryFilm>): void {
    this.#trending.seedHistory(history);
  }

  useGenres(genres: Genres): void {
    this.#genres = genres;
  }

  /** Counts records of one partition, in order; how many of them changed something. Older ones than the retention are passed over. */
  observe(records: readonly LogRecord[], now: number): number {
    let counted = 0;
    for (const record of records) {
      if (record.timestamp >= now - this.#retention) {
        const decoded = decodeRecord(record);
        if (decoded && this.#seen.add(decoded.identity)) {
          if (this.#trending.observe(decoded.event, record.timestamp) === "counted") counted++;
        }
      }
      this.#offsets.set(partitionKey(record), record.offset + 1);
    }
    return counted;
  }

  forget(now: number): void {
    this.#trending.forget(now);
  }

  /** One publication per window, one after the other so that the caller may let others work in between. */
  *publications(now: number): Generator<TrendingPublication> {
    const context = {
      offsets: Object.fromEntries(this.#offsets),
      genresOf: (movieId: number) => this.#genres.get(movieId) ?? [],
    };
    for (const window of TRENDING_WINDOWS) yield this.#trending.publication(window, now, context);
  }
}
