import { trendingKey } from "@cinelake/contracts";
import type { TrendingPublication, TrendingWindow } from "@cinelake/ranking";
import type { Command } from "../command.ts";

export const trendingCommand: Command = {
  name: "trending",
  summary: "The trending list with the parts of each score.",
  options: {
    window: { type: "string", description: "half-life window", choices: ["1h", "24h", "7d"], default: "24h" },
    genre: { type: "string", description: "films of this genre only", default: "all" },
    k: { type: "integer", description: "how many films", default: 10, minimum: 1, maximum: 500 },
  },
  async run({ house, options }) {
    const bytes = await house.cache.get(trendingKey(options.window as TrendingWindow));
    const publication = bytes && (JSON.parse(Buffer.from(bytes).toString("utf8")) as TrendingPublication);
    const entries = publication?.lists[options.genre as string]?.slice(0, options.k as number) ?? [];
    return {
      json: { computed_at: publication?.computed_at ?? null, items: entries },
      text: entries.map((each) => JSON.stringify(each)).join("\n"),
    };
  },
};
