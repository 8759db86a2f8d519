/** Knobs of the hybrid ranker; the formulas that use them are with the functions. */
export interface HybridOptions {
  /** Share of trending in the blended score, 0..1. */
  readonly trendingWeight: number;
  /** Half-life of "recent", milliseconds: what happened this long ago is boosted and penalised half as much. */
  readonly recencyHalfLifeMs: number;
  /** Share of the total positive confidence that fresh likes reach once there are `recentSession` of them, 0..1. */
  readonly recentShare: number;
  /** How many fresh 5.0 ratings it takes to reach `recentShare`. */
  readonly recentSession: number;
  /** Least extra weight of a fresh event, as a multiple of its plain weight. */
  readonly minimumBoost: number;
  /** Confidence of one view and of one click, in units of a 5.0 rating's; looks at one film add up to at most `maximumLook`. */
  readonly viewWeight: number;
  readonly clickWeight: number;
  readonly maximumLook: number;
  /** Weight of the closeness to what was liked just now, in the blended score. */
  readonly sessionWeight: number;
  /** What a film loses at most for being close to disliked ones; the unit is the model's score of a film that the user likes. */
  readonly dislikePenalty: number;
  /** Half-life of that penalty, milliseconds. */
  readonly dislikeHalfLifeMs: number;
  /** Cosine below which a liked film is no reason. */
  readonly reasonSimilarity: number;
}

export const DEFAULT_HYBRID_OPTIONS: HybridOptions = {
  trendingWeight: 0.2,
  recencyHalfLifeMs: 86_400_000,
  recentShare: 0.7,
  recentSession: 3,
  minimumBoost: 2,
  viewWeight: 0.1,
  clickWeight: 0.2,
  maximumLook: 0.5,
  sessionWeight: 0.5,
  dislikePenalty: 0.6,
  dislikeHalfLifeMs: 30 * 86_400_000,
  reasonSimilarity: 0.2,
};
