import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import {
  createLogger,
  createMetrics,
  endOnUncaught,
  loadConfig,
  monitored,
  resolveUrls,
  runService,
} from "@cinelake/runtime";
import { streamConfigSchema } from "./config.ts";
import { createStreamConsumer } from "./service.ts";

endOnUncaught({ logger: createLogger({ service: "stream_consumer" }) });
const { dataDir, memoryLimit, logLevel, streamGroup, ...options } = loadConfig(streamConfigSchema, {
  env: process.env,
});
const urls = resolveUrls(process.env, dataDir);
const logger = createLogger({ service: "stream_consumer", level: logLevel });
const metrics = createMetrics();
await using store = await openObjectStore(urls.lake);
await using engine = await openSqlEngine({ memoryLimit });
await using log = await openEventLog(urls.log);
await log.createTopics(allTopics());
const consumer = createStreamConsumer({ log, store, engine, logger, metrics }, { ...options, group: streamGroup });
process.exitCode = await runService(monitored(consumer, metrics, options), { logger });
