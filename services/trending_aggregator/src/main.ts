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
  reportCacheLosses,
  resolveUrls,
  runService,
} from "@cinelake/runtime";
import { trendingConfigSchema } from "./config.ts";
import { createTrendingAggregator } from "./service.ts";

const logger = createLogger({ service: "trending_aggregator" });
endOnUncaught({ logger });
const config = loadConfig(trendingConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, process.env["DATA_DIR"] ?? ".data");
const metrics = createMetrics();
const opened = new AsyncDisposableStack();
const store = opened.use(await openObjectStore(urls.lake));
const engine = opened.use(await openSqlEngine());
const log = opened.use(await openEventLog(urls.log));
const cache = opened.use(await openCache(urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }));
await log.createTopics(allTopics());
const ports = { store, engine, log, cache, logger, metrics };
const options = {
  publishIntervalMs: config.trendingPublishIntervalMs,
  tableIntervalMs: config.trendingTableIntervalMs,
};
const exitCode = await runService(createTrendingAggregator({ ...ports, options }), { logger });
await opened.disposeAsync();
endProcess(exitCode, { logger });
