export * from "./api.ts";
export { DEFAULT_HYBRID_OPTIONS, type HybridOptions } from "./hybrid_options.ts";
export {
  rankHybrid,
  scoreFilm,
  trendingShares,
  type HybridRequest,
  type RankedFilm,
  type ScoredFilm,
  type TrendingShares,
} from "./hybrid.ts";
export { bestFilms, hybridCandidates, type CandidateRequest } from "./hybrid_candidates.ts";
export { historyOf, type Interaction, type Look, type Opinion } from "./hybrid_interactions.ts";
export { tasteOf, type Taste, type WeightedFilm } from "./hybrid_taste.ts";
export { filmIndex, filmSimilarity, filmSpaceOf, neighboursOf, type FilmSpace, type Neighbour } from "./film_space.ts";
export { reasonText, type Reason } from "./reasons.ts";
export {
  createTrending,
  type HistoryFilm,
  type Observation,
  type PublicationContext,
  type Trending,
} from "./trending.ts";
export { TRENDING_DEFAULTS, WINDOW_HALF_LIFE, type TrendingOptions } from "./trending_options.ts";
export { ALL_FILMS } from "./trending_lists.ts";
export { trendingScore } from "./trending_score.ts";
