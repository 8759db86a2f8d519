export { bootstrapInterval, type Interval } from "./bootstrap.ts";
export { evaluateRanking, type RankingEvaluation, type Recommend } from "./evaluate_ranking.ts";
export { listQuality, type ListQuality } from "./metrics.ts";
export { filmsOfUsers, filterRatings, pickRatings, ratingMatrix, type Ratings } from "./ratings.ts";
export { alsRanking, popularity, randomOrder } from "./recommenders.ts";
export { leaveLastOut, randomSplit, temporalSplit, type Split } from "./splits.ts";
