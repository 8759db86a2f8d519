/**
 * What a rating in stars (0.5 to 5) says about liking, as a value of `CsrMatrix`: 0.75 * (stars - 3) above three stars (5 -> 1.5,
 * 4 -> 0.75), 0.4 * (stars - 3) below, a disliked film (2 -> -0.4, 0.5 -> -1); three stars say nothing (0: left out). The slopes are
 * picked on validation parts (docs/evaluation.md). Training and fold-in of live ratings share it. Throws RangeError beyond 0.5 to 5.
 */
export function preferenceOfRating(stars: number): number {
  if (!(stars >= 0.5 && stars <= 5)) throw new RangeError(`A rating has 0.5 to 5 stars, not ${stars}`);
  return stars > 3 ? 0.75 * (stars - 3) : 0.4 * (stars - 3) || 0;
}
