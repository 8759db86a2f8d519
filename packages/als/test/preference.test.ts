import { expect, test } from "vitest";
import { preferenceOfRating } from "../src/index.ts";

test("more stars never mean less liking; three stars say nothing; what is no rating is refused", () => {
  const stars = Array.from({ length: 10 }, (_, at) => (at + 1) / 2);
  const preferences = stars.map(preferenceOfRating);
  expect(preferences.map((value) => Number(value.toFixed(6)))).toEqual([
    -1, -0.8, -0.6, -0.4, -0.2, 0, 0.375, 0.75, 1.125, 1.5,
  ]);
  for (const wrong of [0, 5.5, -1, NaN]) expect(() => preferenceOfRating(wrong)).toThrow(RangeError);
});
