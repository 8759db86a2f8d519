import type { BootstrapOptions } from "@cinelake/ingest_bootstrap";
import type { OptionSpec, OptionValues } from "../command.ts";

const SYNTHETIC_ONLY = "of the synthetic data set";

/** Options that say which data set to load, and where it comes from. */
export function datasetOptions(defaultDataset: string): Record<string, OptionSpec> {
  return {
    dataset: {
      type: "string",
      description: "the data set",
      env: "DATASET",
      default: defaultDataset,
      choices: ["ml-25m", "ml-32m", "ml-latest-small", "synthetic"],
    },
    source: {
      type: "path",
      description: "an archive, a folder with the CSV files, or the address of a mirror",
      env: "SOURCE",
    },
    force: { type: "boolean", description: "load again what is there already", env: "FORCE" },
    users: { type: "integer", description: `users ${SYNTHETIC_ONLY}`, minimum: 1 },
    movies: { type: "integer", description: `films ${SYNTHETIC_ONLY}`, minimum: 1 },
    ratings: { type: "integer", description: `ratings ${SYNTHETIC_ONLY}`, minimum: 1 },
    seed: { type: "integer", description: `seed ${SYNTHETIC_ONLY}` },
  };
}

/** The bootstrap's options of a command line made with `datasetOptions`. */
export function bootstrapOptions(options: OptionValues): BootstrapOptions {
  const figures = ["users", "movies", "ratings", "seed"].filter((name) => options[name] !== undefined);
  return {
    dataset: options.dataset as string,
    source: options.source as string | undefined,
    force: options.force === true,
    synthetic:
      figures.length > 0 ? Object.fromEntries(figures.map((name) => [name, options[name] as number])) : undefined,
  };
}
