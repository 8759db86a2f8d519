import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import {
  composeServices,
  createLogger,
  createMetrics,
  endOnUncaught,
  loadConfig,
  openTracing,
  monitored,
  resolveUrls,
  runService,
  tracingConfigSchema,
  watchLog,
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
await using tracing = await openTracing(loadConfig(tracingConfigSchema, { env: process.env }), {
  service: "stream_consumer",
  logger,
});
await using store = await openObjectStore(urls.lake);
await using engine = await openSqlEngine({ memoryLimit });
await using log = await openEventLog(urls.log);
await log.createTopics(allTopics());
const consumer = createStreamConsumer(
  { log, store, engine, logger, metrics, tracing },
  { ...options, group: streamGroup },
);
const parts = [watchLog({ log, logger, metrics }), monitored(consumer, metrics, options)];
process.exitCode = await runService(composeServices("stream_consumer", parts), { logger });
