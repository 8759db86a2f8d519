import type { Interaction } from "@cinelake/ranking";

/** Both lists as one, newest first; of several ratings of a film only the latest. */
export function userHistory(trained: readonly Interaction[], recent: readonly Interaction[]): Interaction[] {
  const newestFirst = [...trained, ...recent].reverse().sort((a, b) => b.ts - a.ts);
  const rated = new Set<number>();
  return newestFirst.filter(({ kind, movieId }) => {
    if (kind !== "rating") return true;
    if (rated.has(movieId)) return false;
    rated.add(movieId);
    return true;
  });
}
