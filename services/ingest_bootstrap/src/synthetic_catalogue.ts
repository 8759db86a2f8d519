import { aliasTable, randomStream, type AliasTable, type RandomStream } from "./random.ts";
import type { SyntheticShape } from "./synthetic_shape.ts";
import { ADJECTIVES, FOREIGN_TITLES, GENRES, NO_GENRES, NOUNS, PLACES } from "./synthetic_words.ts";

/** Latent tastes that users mix and films match. */
export const TASTES = 12;
/** The first users rate in 1996. */
const FIRST_YEAR = 1996;
const LAST_YEAR = 2019;

export interface Film {
  readonly movieId: number;
  readonly title: string;
  readonly genres: readonly string[];
  /** Seven digits or more, with leading zeros. */
  readonly imdbId: string;
  /** Empty for a few. */
  readonly tmdbId: string;
}

/** Films in ascending id, and what draws them. */
export interface Catalogue {
  readonly films: readonly Film[];
  readonly years: Int16Array;
  /** Mean rating of a film apart from taste, around 0. */
  readonly quality: Float32Array;
  /** Row-major films x TASTES, each about standard normal. */
  readonly affinity: Float32Array;
  /** Films by popularity alone. */
  readonly popular: AliasTable;
  /** For each taste, films by popularity times e^(strength x affinity). */
  readonly byTaste: readonly AliasTable[];
}

const TASTE_STRENGTH = 1.9;

/**
 * A film of popularity rank r of M has weight exp(-B (r/M)^0.35), B = 1.5 ln(0.6 users). As a user takes each film once, the
 * head flattens, and counts per film follow ml-latest-small's (ranks 1, 64, 1024, 4096: 329, 133, 25, 4; here about 300, 145, 25, 3).
 */
export function syntheticCatalogue(shape: SyntheticShape): Catalogue {
  const { seed, movies, users } = shape;
  const random = randomStream(seed, "catalogue");
  const films: Film[] = [];
  const years = new Int16Array(movies);
  const quality = new Float32Array(movies);
  const affinity = new Float32Array(movies * TASTES);
  const popularity = new Float64Array(movies);
  const genreTaste = Float32Array.from({ length: GENRES.length * TASTES }, () => random.normal());
  const ranks = shuffled(movies, random);
  const steepness = 1.5 * Math.log(Math.max(20, 0.6 * users));

  let movieId = 0;
  for (let index = 0; index < movies; index++) {
    movieId += 1 + Math.floor(-Math.log(1 - random.next()) * 2);
    const chosen = drawGenres(random);
    years[index] = drawYear(random);
    films.push({
      movieId,
      title: makeTitle(years[index]!, random),
      genres: chosen.length > 0 ? chosen.map((genre) => GENRES[genre]![0]) : [NO_GENRES],
      imdbId: String(10_000 + index * 97 + random.int(97)).padStart(7, "0"),
      tmdbId: random.next() < 0.002 ? "" : String(2 + index * 11 + random.int(11)),
    });
    const rank = ranks[index]!;
    popularity[index] = Math.exp(-steepness * ((rank + 1) / movies) ** 0.35);
    quality[index] = 0.42 * random.normal() + 0.25 * (0.5 - rank / movies);
    for (let taste = 0; taste < TASTES; taste++) {
      let shared = 0;
      for (const genre of chosen) shared += genreTaste[genre * TASTES + taste]!;
      const scale = chosen.length > 0 ? 1 / Math.sqrt(chosen.length) : 0;
      affinity[index * TASTES + taste] = 0.75 * shared * scale + 0.66 * random.normal();
    }
  }
  const byTaste = Array.from({ length: TASTES }, (_, taste) =>
    aliasTable(popularity.map((weight, film) => weight * Math.exp(TASTE_STRENGTH * affinity[film * TASTES + taste]!))),
  );
  return { films, years, quality, affinity, popular: aliasTable(popularity), byTaste };
}

function shuffled(size: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: size }, (_, index) => index);
  for (let last = size - 1; last > 0; last--) {
    const other = random.int(last + 1);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}

/** Indices into GENRES, ascending; empty for one film in twelve, as in ML-25M. */
function drawGenres(random: RandomStream): number[] {
  if (random.next() < 0.08) return [];
  const chosen: number[] = [];
  GENRES.forEach(([, share], genre) => {
    if (random.next() < share) chosen.push(genre);
  });
  return chosen.length > 0 ? chosen.toSorted((a, b) => (GENRES[a]![0] < GENRES[b]![0] ? -1 : 1)) : [random.int(8)];
}

/** Half of the films are older than the first rating, so that its users have something to rate. */
function drawYear(random: RandomStream): number {
  if (random.next() < 0.5) return FIRST_YEAR - 1 - Math.floor(75 * random.next() ** 2.2);
  return FIRST_YEAR + random.int(LAST_YEAR - FIRST_YEAR);
}

/** MovieLens' manner: article last, year in brackets, a few titles without a year, with quotes or in other scripts. */
function makeTitle(year: number, random: RandomStream): string {
  const pick = (words: readonly string[]): string => words[random.int(words.length)]!;
  const kind = random.next();
  const suffix = kind > 0.998 ? "" : ` (${year})`;
  const form = random.int(20);
  if (form < 7) return `${pick(ADJECTIVES)} ${pick(NOUNS)}, The${suffix}`;
  if (form < 13) return `${pick(ADJECTIVES)} ${pick(NOUNS)}${suffix}`;
  if (form < 16) return `${pick(NOUNS)} of ${pick(PLACES)}${suffix}`;
  if (form < 18) return `${pick(NOUNS)}, ${pick(NOUNS)} and ${pick(NOUNS)}${suffix}`;
  if (form < 19) return `"${pick(ADJECTIVES)}" ${pick(NOUNS)}${suffix}`;
  return `${pick(FOREIGN_TITLES)} (${pick(ADJECTIVES)} ${pick(NOUNS)})${suffix}`;
}
