/**
 * What a rating in stars (0.5 to 5) says about liking, as a value of `CsrMatrix`.
 */
export function preferenceOfRating(stars: number): number {
  return stars >= 4 ? 1 : 0;
}
