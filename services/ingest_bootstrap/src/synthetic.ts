import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Counter } from "./progress.ts";
import { syntheticActivity, type UserActivity } from "./synthetic_activity.ts";
import { syntheticCatalogue, type Catalogue, type Film } from "./synthetic_catalogue.ts";
import type { SyntheticShape } from "./synthetic_shape.ts";

const MOVIELENS_HEADERS = {
  "ratings.csv": "userId,movieId,rating,timestamp",
  "movies.csv": "movieId,title,genres",
  "tags.csv": "userId,movieId,tag,timestamp",
  "links.csv": "movieId,imdbId,tmdbId",
} as const;

type FileName = keyof typeof MOVIELENS_HEADERS;
const FLUSH_AT = 1 << 20;

/**
 * The four files as a stream of text pieces, each of whole lines, deterministic for the shape: the concatenation of one file's pieces is
 * the file. A piece's `ratings` says how many ratings it holds.
 */
export function* syntheticFiles(shape: SyntheticShape): Generator<{ file: FileName; text: string; ratings: number }> {
  for (const file of Object.keys(MOVIELENS_HEADERS) as FileName[]) {
    yield { file, text: `${MOVIELENS_HEADERS[file]}\n`, ratings: 0 };
  }
  const catalogue = syntheticCatalogue(shape);
  yield { file: "movies.csv", text: catalogue.films.map(movieLine).join(""), ratings: 0 };
  yield { file: "links.csv", text: catalogue.films.map(linkLine).join(""), ratings: 0 };
  let ratings = "";
  let tags = "";
  let count = 0;
  for (const activity of syntheticActivity(shape, catalogue)) {
    ratings += ratingLines(activity, catalogue);
    tags += tagLines(activity, catalogue);
    count += activity.films.length;
    if (ratings.length < FLUSH_AT) continue;
    yield { file: "ratings.csv", text: ratings, ratings: count };
    if (tags) yield { file: "tags.csv", text: tags, ratings: 0 };
    ratings = "";
    tags = "";
    count = 0;
  }
  yield { file: "ratings.csv", text: ratings, ratings: count };
  yield { file: "tags.csv", text: tags, ratings: 0 };
}

/** Writes ratings.csv, movies.csv, tags.csv and links.csv in MovieLens' format into an existing folder; progress in ratings. */
export async function writeSynthetic(
  directory: string,
  shape: SyntheticShape,
  options: { readonly progress?: Counter; readonly signal?: AbortSignal } = {},
): Promise<void> {
  await using files = new AsyncDisposableStack();
  const handles = new Map<FileName, Awaited<ReturnType<typeof open>>>();
  for (const file of Object.keys(MOVIELENS_HEADERS) as FileName[]) {
    handles.set(file, files.use(await open(join(directory, file), "wx")));
  }
  let done = 0;
  for (const piece of syntheticFiles(shape)) {
    options.signal?.throwIfAborted();
    await handles.get(piece.file)!.appendFile(piece.text);
    done += piece.ratings;
    options.progress?.(done, shape.ratings);
  }
}

function ratingLines({ userId, films, halves, times }: UserActivity, catalogue: Catalogue): string {
  let text = "";
  for (let i = 0; i < films.length; i++) {
    text += `${userId},${catalogue.films[films[i]!]!.movieId},${STARS[halves[i]!]},${times[i]}\n`;
  }
  return text;
}

function tagLines({ userId, tags }: UserActivity, catalogue: Catalogue): string {
  return tags
    .map(({ film, tag, time }) => `${userId},${catalogue.films[film]!.movieId},${csvField(tag)},${time}\n`)
    .join("");
}

const movieLine = (film: Film): string => `${film.movieId},${csvField(film.title)},${film.genres.join("|")}\n`;
const linkLine = (film: Film): string => `${film.movieId},${film.imdbId},${film.tmdbId}\n`;
const STARS = Array.from({ length: 11 }, (_, half) => (half / 2).toFixed(1));

/** RFC 4180. */
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
