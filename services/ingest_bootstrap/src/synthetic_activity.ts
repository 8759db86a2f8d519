import { drawFrom, randomStream, type RandomStream } from "./random.ts";
import { TASTES, type Catalogue } from "./synthetic_catalogue.ts";
import { ratingsPerUser, type SyntheticShape } from "./synthetic_shape.ts";
import { COMMON_TAGS, ODD_TAGS } from "./synthetic_words.ts";

/** One user's rows, films ascending; `halves` counts half stars (1 to 10), `times` are seconds since the epoch. */
export interface UserActivity {
  readonly userId: number;
  /** Indices into the catalogue's films. */
  readonly films: readonly number[];
  readonly halves: readonly number[];
  readonly times: readonly number[];
  readonly tags: readonly { readonly film: number; readonly tag: string; readonly time: number }[];
}

const START = Date.UTC(1996, 0, 29) / 1000;
const END = Date.UTC(2019, 10, 21) / 1000;
/** MovieLens has had half stars since February 2003. */
const HALF_STARS_SINCE = Date.UTC(2003, 1, 18) / 1000;
const DAY = 86_400;

/**
 * Users in ascending id, one at a time; memory does not grow with the ratings. A user mixes up to three tastes, draws films by
 * taste and popularity (none before its year, none twice), rates in bursts, and likes better what matches the mixture.
 */
export function* syntheticActivity(shape: SyntheticShape, catalogue: Catalogue): Generator<UserActivity> {
  const counts = ratingsPerUser(shape);
  const seenBy = new Int32Array(shape.movies).fill(-1);
  for (let user = 0; user < shape.users; user++) {
    yield oneUser(user, counts[user]!, shape.seed, catalogue, seenBy);
  }
}

/** `seenBy[film] = user` marks what the user has drawn already. */
function oneUser(user: number, count: number, seed: number, catalogue: Catalogue, seenBy: Int32Array): UserActivity {
  const random = randomStream(seed, "user", user);
  const mixture = drawMixture(random);
  const bias = 0.38 * random.normal();
  const wholeOnly = random.next() < 0.15;
  const tagger = random.next() < 0.09;
  const rows: { film: number; half: number; time: number }[] = [];
  const tags: { film: number; tag: string; time: number }[] = [];

  for (const session of drawSessions(count, random)) {
    const year = new Date(session.start * 1000).getUTCFullYear();
    let time = session.start;
    for (let i = 0; i < session.count; i++) {
      const film = drawFilm(user, year, mixture, catalogue, seenBy, random);
      time = Math.min(END, time + 2 + Math.floor(-25 * Math.log(1 - random.next())));
      let match = 0;
      for (const { taste, weight } of mixture) match += weight * catalogue.affinity[film * TASTES + taste]!;
      const raw = 3.3 + bias + catalogue.quality[film]! + 0.36 * match + 0.88 * random.normal();
      const whole = wholeOnly || time < HALF_STARS_SINCE || random.next() < 0.15;
      const half = whole
        ? Math.min(5, Math.max(1, Math.round(raw))) * 2
        : Math.min(10, Math.max(1, Math.round(raw * 2)));
      rows.push({ film, half, time });
      if (tagger && random.next() < 0.45)
        tags.push({ film, tag: drawTag(film, catalogue, random), time: time + 5 + random.int(60) });
    }
  }
  rows.sort((a, b) => a.film - b.film);
  tags.sort((a, b) => a.film - b.film);
  return {
    userId: user + 1,
    films: rows.map((row) => row.film),
    halves: rows.map((row) => row.half),
    times: rows.map((row) => row.time),
    tags,
  };
}

interface Share {
  readonly taste: number;
  readonly weight: number;
}

/** One to three distinct tastes, weights falling by half, summing to 1. */
function drawMixture(random: RandomStream): Share[] {
  const tastes = new Set<number>();
  const size = 1 + random.int(3);
  while (tastes.size < size) tastes.add(random.int(TASTES));
  const total = 2 - 0.5 ** (size - 1);
  return [...tastes].map((taste, index) => ({ taste, weight: 0.5 ** index / total }));
}

/** Bursts: over half of the ratings on the first evening, the rest on later ones, all before the data set's end. */
function drawSessions(count: number, random: RandomStream): { start: number; count: number }[] {
  let start = START + Math.floor(random.next() * (END - 30 * DAY - START));
  const sessions: { start: number; count: number }[] = [];
  let left = count;
  for (;;) {
    const part =
      sessions.length === 0 ? Math.ceil(count * (0.55 + 0.45 * random.next())) : Math.min(left, 5 + random.int(60));
    sessions.push({ start, count: Math.min(left, part) });
    left -= part;
    if (left <= 0) return sessions;
    start = Math.min(END - DAY, start + DAY + Math.floor(-60 * DAY * Math.log(1 - random.next())));
  }
}

/** Tries popularity and taste a while; a user who has seen nearly all of that takes the next unseen film. */
function drawFilm(
  user: number,
  year: number,
  mixture: readonly Share[],
  catalogue: Catalogue,
  seenBy: Int32Array,
  random: RandomStream,
): number {
  const free = (film: number): boolean => seenBy[film] !== user && catalogue.years[film]! <= year;
  let film = 0;
  for (let attempt = 0; attempt < 200; attempt++) {
    film = drawFrom(pickTable(mixture, catalogue, random), random);
    if (free(film)) break;
  }
  for (let step = 0; step < seenBy.length && !free(film); step++) film = (film + 1) % seenBy.length;
  seenBy[film] = user;
  return film;
}

function pickTable(mixture: readonly Share[], catalogue: Catalogue, random: RandomStream) {
  let draw = random.next();
  if (draw < 0.15) return catalogue.popular;
  draw = (draw - 0.15) / 0.85;
  for (const { taste, weight } of mixture) {
    if (draw < weight) return catalogue.byTaste[taste]!;
    draw -= weight;
  }
  return catalogue.byTaste[mixture[0]!.taste]!;
}

function drawTag(film: number, catalogue: Catalogue, random: RandomStream): string {
  const kind = random.next();
  if (kind < 0.02) return ODD_TAGS[random.int(ODD_TAGS.length)]!;
  const genres = catalogue.films[film]!.genres;
  if (kind < 0.35) return genres[random.int(genres.length)]!.toLowerCase();
  return COMMON_TAGS[random.int(COMMON_TAGS.length)]!;
}
