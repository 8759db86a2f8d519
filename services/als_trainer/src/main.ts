import { openSqlEngine } from "@cinelake/delta";
import { openMetadata } from "@cinelake/metadata";
import { openObjectStore } from "@cinelake/object_store";
import {
  createLogger,
  exitCodeOf,
  inSpan,
  loadConfig,
  openTracing,
  resolveUrls,
  tracingConfigSchema,
} from "@cinelake/runtime";
import { openTracking } from "@cinelake/tracking";
import { trainerConfigSchema } from "./config.ts";
import { trainModel } from "./service.ts";

const { dataDir, memoryLimit, logLevel } = loadConfig(trainerConfigSchema, { env: process.env });
const urls = resolveUrls(process.env, dataDir);
const logger = createLogger({ service: "als_trainer", level: logLevel });
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
try {
  await using tracing = await openTracing(loadConfig(tracingConfigSchema, { env: process.env }), {
    service: "als_trainer",
    logger,
  });
  await using store = await openObjectStore(urls.lake);
  await using engine = await openSqlEngine({ memoryLimit });
  await using metadata = await openMetadata(urls.metadata);
  await using tracking = await openTracking(urls.tracking, { metadata });
  const ports = { store, engine, metadata, tracking, logger };
  const result = await inSpan(tracing, "train and promote", {}, () =>
    trainModel(
      ports,
      {},
      { onProgress: (progress) => logger.debug(progress, progress.name), signal: interrupted.signal },
    ),
  );
  logger.info(result, "als_trainer done");
} catch (error) {
  logger.fatal({ err: error }, "als_trainer failed");
  process.exitCode = exitCodeOf(error);
}
