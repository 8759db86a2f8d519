/** Half-life windows that trending lists are made for. */
export const TRENDING_WINDOWS = ["1h", "24h", "7d"] as const;
export type TrendingWindow = (typeof TRENDING_WINDOWS)[number];

/** Key of the published trending list of a window. */
export function trendingKey(window: TrendingWindow): `trending:${TrendingWindow}` {
  return `trending:${window}`;
}
