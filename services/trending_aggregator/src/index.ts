export { trendingConfigSchema } from "./config.ts";
export { currentTrending } from "./current_trending.ts";
export { loadTrendingGenres, loadTrendingHistory, type Genres } from "./history.ts";
export type { TrendingAggregatorOptions, TrendingPorts } from "./ports.ts";
export { createTrendingAggregator } from "./service.ts";
