import { openCache } from "@cinelake/cache";
import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openMetadata } from "@cinelake/metadata";
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
import { apiConfigSchema } from "./config.ts";
import { createApiService } from "./service.ts";

const logger = createLogger({ service: "api" });
endOnUncaught({ logger });
const config = loadConfig(apiConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, process.env["DATA_DIR"] ?? ".data");
const metrics = createMetrics();
const opened = new AsyncDisposableStack();
const store = opened.use(await openObjectStore(urls.lake));
const engine = opened.use(await openSqlEngine());
const log = opened.use(await openEventLog(urls.log));
const cache = opened.use(await openCache(urls.cache, { onLoss: reportCacheLosses({ logger, metrics }) }));
const metadata = opened.use(await openMetadata(urls.metadata));
await log.createTopics(allTopics());
const ports = { store, engine, log, cache, metadata, logger, metrics };
const exitCode = await runService(createApiService(ports, config), { logger });
await opened.disposeAsync();
endProcess(exitCode, { logger });
