import { problem } from "../http/problem.ts";
import type { Films } from "../state/films.ts";

/** The catalogue's spelling of a genre, in whatever case it was asked for. Fails with `invalid_argument` for one that no film has. */
export function genreNamed(films: Films, asked: string | undefined): string | undefined {
  if (asked === undefined || asked === "") return undefined;
  const name = films.genres.get(asked.toLowerCase());
  if (name !== undefined) return name;
  const known = [...films.genres.values()].sort();
  throw problem("invalid_argument", `genre: no film has this genre; there are ${known.join(", ") || "none yet"}`, {
    parameter: "genre",
  });
}
