import { processSettings } from "@cinelake/runtime";
import { z } from "zod";

/** Settings of the API; every one has a default. Durations in milliseconds, sizes in bytes. */
export const apiConfigSchema = z.strictObject({
  host: z.string().default("127.0.0.1").describe("Address to listen on."),
  publishedAddress: z
    .string()
    .default("")
    .describe("Address under which others reach the API, where it differs from HOST (behind a proxy, in a container)."),
  port: z.int().min(0).max(65_535).default(8000).describe("Port to listen on; 0 takes a free one."),
  modelPollMs: z.int().min(1).default(1000).describe("How often the row serving_model is looked at."),
  cataloguePollMs: z.int().min(1).default(5000).describe("How often the version of silver_movies is looked at."),
  trendingCacheMs: z.int().min(0).default(200).describe("How long a trending list is kept in the process."),
  trendingStaleMs: z.int().min(1).default(30_000).describe("Age from which a trending list is called stale."),
  afterWaitMs: z.int().min(0).default(250).describe("Longest wait for the position given as `after`."),
  eventsBodyBytes: z
    .int()
    .min(1024)
    .default(512 * 1024)
    .describe("Largest body of POST /events."),
  bodyBytes: z
    .int()
    .min(1024)
    .default(64 * 1024)
    .describe("Largest body of any other request."),
  eventsInFlight: z
    .int()
    .min(1)
    .default(20_000)
    .describe("Events waiting for the log; beyond it POST /events answers 503."),
  eventsBytesInFlight: z
    .int()
    .min(1)
    .default(32 * 1024 * 1024)
    .describe(
      "Bytes of the bodies of POST /events from their announcement to the answer; beyond it further ones get 503, unread. Memory for them is several times as much.",
    ),
  appendBatch: z.int().min(1).default(5000).describe("Most events in one append."),
  exposures: z.boolean().default(true).describe("Whether answered lists are written to events_exposures."),
  exposuresWaiting: z
    .int()
    .min(1)
    .default(20_000)
    .describe("Exposures waiting for the log; beyond it they are dropped and counted."),
  exposuresFlushMs: z.int().min(1).default(200).describe("How long exposures are gathered before an append."),
  userEvents: z.int().min(1).default(1000).describe("Recent events kept per user."),
  totalUserEvents: z
    .int()
    .min(1)
    .default(500_000)
    .describe("Recent events kept in all; least recently active users go first."),
  tastes: z.int().min(1).default(2000).describe("Folded-in users kept ready."),
  logSample: z
    .number()
    .min(0)
    .max(1)
    .default(0.01)
    .describe("Share of the requests that are logged; failures always are."),
  stopGraceMs: z
    .int()
    .min(0)
    .default(10_000)
    .describe("How long a stop waits for requests that have begun, before it ends their connections."),
  requireModel: z.boolean().default(false).describe("Whether the service is ready only with a model."),
});

/** Settings of the API in a process of its own. */
export const apiProcessSchema = apiConfigSchema.extend(processSettings);

export type ApiConfig = z.output<typeof apiConfigSchema>;
/** What a caller may leave out. */
export type ApiSettings = z.input<typeof apiConfigSchema>;
