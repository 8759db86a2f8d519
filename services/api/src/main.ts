import { openCache } from "@cinelake/cache";
import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openMetadata } from "@cinelake/metadata";
import { openObjectStore } from "@cinelake/object_store";
import {
  collectProcessMetrics,
  createLogger,
  createMetrics,
  endOnUncaught,
  endProcess,
  loadConfig,
  reportCacheLosses,
  reportServiceHealth,
  resolveUrls,
  runService,
} from "@cinelake/runtime";
import { apiProcessSchema } from "./config.ts";
import { createApiService } from "./service.ts";

endOnUncaught({ logger: createLogger({ service: "api" }) });
const { dataDir, memoryLimit, logLevel, ...config } = loadConfig(apiProcessSchema, { env: process.env });
const urls = resolveUrls(process.env, dataDir);
const logger = createLogger({ service: "api", level: logLevel });
const metrics = createMetrics();
const opened = new AsyncDisposableStack();
const store = opened.use(await openObjectStore(urls.lake));
const engine = opened.use(await openSqlEngine({ memoryLimit }));
const log = opened.use(await openEventLog(urls.log));
const cache = opened.use(await openCache(urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }));
const metadata = opened.use(await openMetadata(urls.metadata));
await log.createTopics(allTopics());
collectProcessMetrics(metrics);
const ports = { store, engine, log, cache, metadata, logger, metrics };
const api = createApiService(ports, config);
reportServiceHealth(metrics, [api]);
const exitCode = await runService(api, { logger });
await opened.disposeAsync();
endProcess(exitCode, { logger });
