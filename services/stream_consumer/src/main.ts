import { allTopics } from "@cinelake/contracts";
import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import { createLogger, createMetrics, endOnUncaught, loadConfig, resolveUrls, runService } from "@cinelake/runtime";
import { streamConfigSchema } from "./config.ts";
import { createStreamConsumer } from "./service.ts";

endOnUncaught({ logger: createLogger({ service: "stream_consumer" }) });
const { dataDir, memoryLimit, logLevel, streamGroup, ...flush } = loadConfig(streamConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, dataDir);
const logger = createLogger({ service: "stream_consumer", level: logLevel });
await using store = await openObjectStore(urls.lake);
await using engine = await openSqlEngine({ memoryLimit });
await using log = await openEventLog(urls.log);
await log.createTopics(allTopics());
const ports = { log, store, engine, logger, metrics: createMetrics() };
process.exitCode = await runService(createStreamConsumer(ports, { ...flush, group: streamGroup }), { logger });
