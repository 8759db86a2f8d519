import { apiConfigSchema, type ApiConfig } from "@cinelake/api";
import {
  configVariables,
  loadConfig,
  LOG_LEVELS,
  processSettings,
  resolveUrls,
  URL_VARIABLES,
  withConfigFile,
  type ConfigurationSection,
  type Environment,
  type LogLevel,
  type Urls,
} from "@cinelake/runtime";
import { streamConfigSchema } from "@cinelake/stream_consumer";
import { trendingConfigSchema } from "@cinelake/trending_aggregator";
import { z } from "zod";

const platformSchema = z.strictObject({
  ...processSettings,
  logLevel: z.enum(LOG_LEVELS).default("warn").describe("Least severity of log lines."),
  flushIntervalMs: z
    .int()
    .min(10)
    .default(30_000)
    .describe("Longest time events wait for their Bronze and Silver tables."),
  flushRows: z.int().min(1).default(131_072).describe("Events that are written to the tables without waiting longer."),
  compactIntervalMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe("How often small files of the event tables become larger ones; 0 leaves them to you."),
  trendingTableIntervalMs: z
    .int()
    .min(1000)
    .default(300_000)
    .describe("How often the trending list is appended to gold_trending_now."),
});

type PlatformConfig = z.output<typeof platformSchema>;

const schema = platformSchema.extend(apiConfigSchema.shape);

/** Everything one process is told. */
export interface Configuration extends Omit<PlatformConfig, "dataDir"> {
  readonly dataDirectory: string;
  readonly logLevel: LogLevel;
  readonly urls: Urls;
  readonly api: ApiConfig;
}

/** Reads the environment and the file that CONFIG_FILE names; fails with `config_invalid` that lists every problem. */
export function loadConfiguration(environment: Environment): Configuration {
  const known = configurationSections().flatMap(({ variables }) => variables);
  const env = withConfigFile(environment, known);
  const { dataDir, ...config } = loadConfig(schema, { env });
  const api = apiConfigSchema.parse(
    Object.fromEntries(Object.keys(apiConfigSchema.shape).map((key) => [key, config[key as keyof ApiConfig]])),
  );
  return { ...config, dataDirectory: dataDir, urls: resolveUrls(env, dataDir), api };
}

/** The variables by section, for docs/configuration.md. */
export function configurationSections(): ConfigurationSection[] {
  return [
    { title: "The process", description: "What every command reads.", variables: configVariables(platformSchema) },
    { title: "Where things are", description: "Adapters are chosen by address.", variables: [...URL_VARIABLES] },
    {
      title: "The API",
      description: "What `./cinelake serve` and `demo` read.",
      variables: configVariables(apiConfigSchema),
    },
    {
      title: "The stream consumer",
      description: "What `services/stream_consumer` reads in a process of its own, from the environment only.",
      variables: configVariables(streamConfigSchema),
    },
    {
      title: "The trending aggregator",
      description: "What `services/trending_aggregator` reads in a process of its own, from the environment only.",
      variables: configVariables(trendingConfigSchema),
    },
  ];
}
