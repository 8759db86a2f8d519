import { WINDOW_COUNT, type Pair } from "./trending_pair.ts";

const LONGEST = WINDOW_COUNT - 1;

/**
 * Which `count` pairs to do without when memory is full: first those of films that fewer than `minUsers` care about, then what films have
 * beyond their `enough` heaviest, the fullest films first, then what weighs least. So a flood of users or films displaces itself, not
 * what trends.
 */
export function expendablePairs(
  films: Iterable<ReadonlyMap<number, Pair>>,
  count: number,
  { minUsers, enough }: { readonly minUsers: number; readonly enough: number },
): Pair[] {
  const all = [...films];
  const lonely = lightestFirst(all.filter(({ size }) => size < minUsers).flatMap((film) => [...film.values()]));
  if (lonely.length >= count) return lonely.slice(0, count);
  const chosen = [
    ...lonely,
    ...crowdedPairs(
      all.filter(({ size }) => size > Math.max(enough, minUsers - 1)),
      enough,
    ),
  ];
  if (chosen.length >= count) return chosen.slice(0, count);
  const known = new Set(chosen);
  const others = all.flatMap((film) => [...film.values()]).filter((pair) => !known.has(pair));
  return [...chosen, ...lightestFirst(others)].slice(0, count);
}

/** By weight in the longest window. */
export function lightestFirst(pairs: Iterable<Pair>): Pair[] {
  return [...pairs].sort((a, b) => a.scaled[LONGEST]! - b.scaled[LONGEST]!);
}

function crowdedPairs(films: readonly ReadonlyMap<number, Pair>[], enough: number): Pair[] {
  return films
    .flatMap((film) => lightestFirst(film.values()).map((pair, lighter) => ({ pair, place: film.size - lighter })))
    .filter(({ place }) => place > enough)
    .sort((a, b) => b.place - a.place)
    .map(({ pair }) => pair);
}
