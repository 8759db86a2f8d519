import { openCache } from "@cinelake/cache";
import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import {
  composeServices,
  createLogger,
  createMetrics,
  endOnUncaught,
  endProcess,
  loadConfig,
  openTracing,
  monitored,
  reportCacheLosses,
  resolveUrls,
  runService,
  tracingConfigSchema,
  watchLog,
} from "@cinelake/runtime";
import { trendingConfigSchema } from "./config.ts";
import { createTrendingAggregator } from "./service.ts";

endOnUncaught({ logger: createLogger({ service: "trending_aggregator" }) });
const config = loadConfig(trendingConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, config.dataDir);
const logger = createLogger({ service: "trending_aggregator", level: config.logLevel });
const metrics = createMetrics();
const opened = new AsyncDisposableStack();
const tracing = opened.use(
  await openTracing(loadConfig(tracingConfigSchema, { env: process.env }), { service: "trending_aggregator", logger }),
);
const store = opened.use(await openObjectStore(urls.lake));
const engine = opened.use(await openSqlEngine({ memoryLimit: config.memoryLimit }));
const log = opened.use(await openEventLog(urls.log));
const cache = opened.use(await openCache(urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }));
await log.createTopics(allTopics());
const options = {
  publishIntervalMs: config.trendingPublishIntervalMs,
  tableIntervalMs: config.trendingTableIntervalMs,
};
const trending = createTrendingAggregator({ store, engine, log, cache, logger, metrics, tracing, options });
const parts = [watchLog({ log, logger, metrics }), monitored(trending, metrics, config)];
const exitCode = await runService(composeServices("trending_aggregator", parts), { logger });
await opened.disposeAsync();
endProcess(exitCode, { logger });
