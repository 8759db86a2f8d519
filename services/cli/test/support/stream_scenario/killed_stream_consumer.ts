import { openSqlEngine } from "@cinelake/delta";
import { openEventLog } from "@cinelake/event_log";
import { openObjectStore } from "@cinelake/object_store";
import { createLogger, resolveUrls, runService } from "@cinelake/runtime";
import { createStreamConsumer } from "@cinelake/stream_consumer";
import { killAtStep } from "./kill_at_step.ts";

/** The stream consumer in a process of its own, as its main.ts runs it, which kills itself at a step. */
const urls = resolveUrls(process.env, process.env["DATA_DIR"]!);
const logger = createLogger({ service: "stream_consumer" });
await using store = await openObjectStore(urls.lake);
await using engine = await openSqlEngine({ memoryLimit: "1GB" });
await using log = await openEventLog(urls.log);
const flushIntervalMs = Number(process.env["FLUSH_INTERVAL_MS"]);
const flushRows = Number(process.env["FLUSH_ROWS"]);
const ports = killAtStep({ log, store, engine, logger });
process.exitCode = await runService(createStreamConsumer(ports, { flushIntervalMs, flushRows }), { logger });
