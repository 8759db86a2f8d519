import type { EventType, TrendingWindow } from "@cinelake/contracts";

export type { TrendingWindow } from "@cinelake/contracts";

/** An event as trending counts it. Times in milliseconds since the epoch. */
export interface TrendingEvent {
  readonly type: Exclude<EventType, "exposure">;
  readonly userId: number;
  readonly movieId: number;
  readonly eventTs: number;
  /** Stars of a rating. */
  readonly rating?: number;
  /** `not_interested` clicks do not count. */
  readonly clickType?: string;
}

/** One place of a trending list, with its parts so that a page can explain it. */
export interface TrendingEntry {
  readonly movie_id: number;
  readonly score: number;
  readonly recent: number;
  readonly baseline: number;
  readonly users: number;
  readonly source: "live" | "history";
}

/** What the aggregator publishes for one window, whole, under one cache key. Lists by genre, `all` over every film. */
export interface TrendingPublication {
  readonly window: TrendingWindow;
  /** ISO-8601. */
  readonly computed_at: string;
  /** Next offsets (`topic/partition`) counted in. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly lists: Readonly<Record<string, readonly TrendingEntry[]>>;
}
