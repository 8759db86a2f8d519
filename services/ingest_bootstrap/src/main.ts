import { join } from "node:path";
import { openSqlEngine } from "@cinelake/delta";
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
import { bootstrapConfigSchema } from "./config.ts";
import { bootstrap } from "./service.ts";

const { dataDir, dataset, source, force, memoryLimit, logLevel } = loadConfig(bootstrapConfigSchema, {
  env: process.env,
});
const logger = createLogger({ service: "ingest_bootstrap", level: logLevel });
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
try {
  await using tracing = await openTracing(loadConfig(tracingConfigSchema, { env: process.env }), {
    service: "ingest_bootstrap",
    logger,
  });
  await using store = await openObjectStore(resolveUrls(process.env, dataDir).lake);
  await using engine = await openSqlEngine({ memoryLimit });
  const ports = { store, engine, downloads: join(dataDir, "downloads") };
  const { status, resumed, manifest } = await inSpan(tracing, `bootstrap ${dataset}`, {}, () =>
    bootstrap(ports, { dataset, source, force, signal: interrupted.signal }, (progress) =>
      logger.debug(progress, progress.name),
    ),
  );
  logger.info(
    { status, resumed, ingestion_id: manifest.ingestion_id, tables: manifest.tables },
    "ingest_bootstrap done",
  );
} catch (error) {
  logger.fatal({ err: error }, "ingest_bootstrap failed");
  process.exitCode = exitCodeOf(error);
}
