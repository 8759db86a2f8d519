import { openCache } from "@cinelake/cache";
import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import {
  createLogger,
  createMetrics,
  endOnUncaught,
  endProcess,
  loadConfig,
  monitored,
  reportCacheLosses,
  resolveUrls,
  runService,
} from "@cinelake/runtime";
import { trendingConfigSchema } from "./config.ts";
import { createTrendingAggregator } from "./service.ts";

endOnUncaught({ logger: createLogger({ service: "trending_aggregator" }) });
const config = loadConfig(trendingConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, config.dataDir);
const logger = createLogger({ service: "trending_aggregator", level: config.logLevel });
const metrics = createMetrics();
const opened = new AsyncDisposableStack();
const store = opened.use(await openObjectStore(urls.lake));
const engine = opened.use(await openSqlEngine({ memoryLimit: config.memoryLimit }));
const log = opened.use(await openEventLog(urls.log));
const cache = opened.use(await openCache(urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }));
await log.createTopics(allTopics());
const options = {
  publishIntervalMs: config.trendingPublishIntervalMs,
  tableIntervalMs: config.trendingTableIntervalMs,
};
const trending = createTrendingAggregator({ store, engine, log, cache, logger, metrics, options });
const exitCode = await runService(monitored(trending, metrics, config), { logger });
await opened.disposeAsync();
endProcess(exitCode, { logger });
