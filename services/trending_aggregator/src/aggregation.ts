import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { partitionKey, type LogRecord, type Offsets } from "@cinelake/event_log";
import {
  createTrending,
  TRENDING_DEFAULTS,
  type HistoryFilm,
  type Observation,
  type Trending,
  type TrendingOptions,
  type TrendingPublication,
} from "@cinelake/ranking";
import { decodeRecord } from "./decode.ts";
import type { Genres } from "./history.ts";
import { RecentIds } from "./recent_ids.ts";
import type { SavedState } from "./saved_state.ts";

const REMEMBERED_EVENTS = 100_000;

/** What became of a record. `invalid`: it is no event; `expired`: it is older than what trending remembers. */
export type Outcome = Observation | "invalid" | "expired";

/** Everything the aggregator knows: counts, offsets, history and genres. No I/O, no clock. */
export class Aggregation {
  readonly #retention: number;
  readonly #seen = new RecentIds(REMEMBERED_EVENTS);
  readonly #trending: Trending;
  #offsets = new Map<string, number>();
  /** When the log took the last record read of each partition. */
  #lastTimes = new Map<string, number>();
  #genres: Genres = new Map();

  constructor(options: Partial<TrendingOptions>) {
    this.#retention = options.retention ?? TRENDING_DEFAULTS.retention;
    this.#trending = createTrending(options);
  }

  /** Next offset to read of each partition. */
  get offsets(): Offsets {
    return this.#offsets;
  }

  /** Pairs of a user and a film that are remembered. */
  get pairs(): number {
    return this.#trending.size().pairs;
  }

  /** Goes on from a saved state of this log. Fails with `invalid_argument`, and starts from nothing, if it cannot be read. */
  restore(saved: SavedState): void {
    this.#trending.restore(saved.trending);
    this.#offsets = new Map(saved.offsets);
    this.#lastTimes = new Map(saved.lastTimes);
  }

  save(): SavedState {
    return {
      offsets: new Map(this.#offsets),
      lastTimes: new Map(this.#lastTimes),
      trending: this.#trending.snapshot(),
    };
  }

  seed(history: Iterable<HistoryFilm>, users: ReadonlySet<number>): void {
    this.#trending.seedHistory(history, users);
  }

  useGenres(genres: Genres): void {
    this.#genres = genres;
  }

  /** Counts records of one partition, in order; how many had each outcome. */
  observe(records: readonly LogRecord[], now: number): ReadonlyMap<Outcome, number> {
    const outcomes = new Map<Outcome, number>();
    for (const record of records) {
      const outcome = this.#observe(record, now);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      this.#offsets.set(partitionKey(record), record.offset + 1);
      this.#lastTimes.set(partitionKey(record), record.timestamp);
    }
    return outcomes;
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

  #observe(record: LogRecord, now: number): Outcome {
    if (record.timestamp < now - this.#retention) return "expired";
    const decoded = decodeRecord(record);
    if (!decoded) return "invalid";
    return this.#seen.add(decoded.identity) ? this.#trending.observe(decoded.event, record.timestamp) : "repeated";
  }
}
