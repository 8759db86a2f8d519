import { NO_TRACING, sparingly } from "@cinelake/runtime";
import type { FastifyInstance } from "fastify";
import { apiConfigSchema, type ApiSettings } from "./config.ts";
import type { ApiContext } from "./context.ts";
import { createEventWriter } from "./event_writer.ts";
import { createExposures, NO_EXPOSURES } from "./exposures.ts";
import { createServer } from "./http/server.ts";
import type { ApiPorts } from "./ports.ts";
import { eventRoutes } from "./routes/events.ts";
import { movieRoutes } from "./routes/movies.ts";
import { operationRoutes } from "./routes/operations.ts";
import { recommendationRoutes } from "./routes/recommendations.ts";
import { trendingRoutes } from "./routes/trending.ts";
import { userRoutes } from "./routes/users.ts";
import { openCatalogue } from "./state/catalogue.ts";
import { opinionsFromTables } from "./state/event_tables.ts";
import { reportLag } from "./state/lag.ts";
import { openModelStore } from "./state/model_store.ts";
import { repeat } from "./state/repeat.ts";
import { createTrendingReader } from "./state/trending_reader.ts";
import { openUserState } from "./state/user_state.ts";
import { TasteCache, warmUp } from "./taste_cache.ts";

const LAG_MS = 5000;

/**
 * The API over open ports, not yet listening: `inject` and `listen` work on it, `close` drains it and ends its background work. The
 * event topics must exist.
 */
export async function createApi(ports: ApiPorts, settings: ApiSettings = {}): Promise<FastifyInstance> {
  const config = apiConfigSchema.parse(settings);
  const { log, logger, metrics, tracing = NO_TRACING, now = Date.now } = ports;
  await using opened = new AsyncDisposableStack();
  const models = opened.adopt(
    await openModelStore({ ...ports, now, warmUp: (model) => warmUp(model, now()) }, config.modelPollMs),
    (each) => each.stop(),
  );
  const catalogue = opened.adopt(await openCatalogue(ports, config.cataloguePollMs), (each) => each.stop());
  const users = opened.adopt(
    await openUserState(
      { log, logger, fromTables: (gap) => opinionsFromTables(ports, gap) },
      models.current()?.nextOffsets ?? {},
      { perUser: config.userEvents, total: config.totalUserEvents },
    ),
    (each) => each.stop(),
  );
  const covering = repeat(
    async () => users.cover(models.current()?.nextOffsets ?? {}),
    config.modelPollMs,
    sparingly((error) => logger.error({ err: error }, "events that the model does not know cannot be read")),
  );
  opened.defer(() => covering.stop());
  // Told of by the tail when the log is away; the figures then stay as they are.
  const measuring = repeat(
    () => reportLag(metrics, log, users.position()),
    LAG_MS,
    () => undefined,
  );
  opened.defer(() => measuring.stop());
  const trending = createTrendingReader(
    { ...ports, now },
    { keepMs: config.trendingCacheMs, staleMs: config.trendingStaleMs },
  );
  const dropped = metrics.counter("cinelake_exposures_dropped_total");
  const exposures = config.exposures
    ? createExposures(
        { log, logger, now, onDropped: (count) => dropped.inc(count) },
        { waiting: config.exposuresWaiting, flushMs: config.exposuresFlushMs },
      )
    : NO_EXPOSURES;
  opened.defer(() => exposures.close());
  const writer = createEventWriter(log, {
    records: config.eventsInFlight,
    bytes: config.eventsBytesInFlight,
    batch: config.appendBatch,
  });
  opened.defer(() => writer.close());
  const tastes = new TasteCache(config.tastes);
  const context: ApiContext = {
    config,
    ports,
    models,
    catalogue,
    users,
    trending,
    writer,
    exposures,
    tastes,
    tracing,
    now,
  };
  const app = await createServer(
    {
      logger,
      metrics,
      tracing,
      bodyBytes: config.bodyBytes,
      logSample: config.logSample,
      stopGraceMs: config.stopGraceMs,
    },
    (server) => {
      operationRoutes(server, context);
      recommendationRoutes(server, context);
      trendingRoutes(server, context);
      movieRoutes(server, context);
      eventRoutes(server, context);
      userRoutes(server, context);
    },
  );
  const resources = opened.move();
  app.addHook("onClose", () => resources.disposeAsync());
  return app;
}
