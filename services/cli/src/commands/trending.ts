import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { currentTrending } from "@cinelake/trending_aggregator";
import type { Command } from "../command.ts";

export const trendingCommand: Command = {
  name: "trending",
  summary: "What trends now, computed from the lake and the log, with the parts of each score.",
  options: {
    window: { type: "string", description: "half-life window", choices: TRENDING_WINDOWS, default: "24h" },
    genre: { type: "string", description: "films of this genre only", default: "all" },
    k: { type: "integer", description: "how many films", default: 10, minimum: 1, maximum: 500 },
  },
  async run({ house, options, step }) {
    const publications = await step("count", () => currentTrending(house));
    const publication = publications.find(({ window }) => window === options.window);
    const items = publication?.lists[options.genre as string]?.slice(0, options.k as number) ?? [];
    const lines = items.map(
      ({ movie_id, score, recent, baseline, users, source }, index) =>
        `${String(index + 1).padStart(4)}  film ${String(movie_id).padEnd(10)}score ${score.toFixed(4).padEnd(12)}recent ${recent.toFixed(3)}, baseline ${baseline.toFixed(3)}, ${users} users, ${source}`,
    );
    return {
      json: { computed_at: publication?.computed_at ?? null, items },
      text: lines.join("\n") || "Nothing trends yet",
    };
  },
};
