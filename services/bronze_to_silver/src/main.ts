import { findError } from "@cinelake/contracts";
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
import { etlConfigSchema, manifestSchema } from "./config.ts";
import { formatReport } from "./format_report.ts";
import type { QualityReport } from "./quality.ts";
import { bronzeToSilver } from "./service.ts";

const config = loadConfig(etlConfigSchema, { env: process.env });
const logger = createLogger({ service: "bronze_to_silver", level: config.logLevel });
const print = (report: QualityReport): void => void process.stdout.write(`${formatReport(report)}\n`);
try {
  await using tracing = await openTracing(loadConfig(tracingConfigSchema, { env: process.env }), {
    service: "bronze_to_silver",
    logger,
  });
  await using store = await openObjectStore(resolveUrls(process.env, config.dataDir).lake);
  await using engine = await openSqlEngine({ memoryLimit: config.memoryLimit });
  const bytes = await store.get(`bronze/movielens/${config.dataset}/_manifest.json`);
  const manifest = manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  const input = {
    ingestionId: manifest.ingestion_id,
    datasetName: manifest.dataset_name,
    ingestionDate: manifest.ingestion_date,
    now: Date.now(),
  };
  const { changed, tables, report } = await inSpan(tracing, "bronze to silver", {}, () =>
    bronzeToSilver({ store, engine, logger }, input, (step) => logger.info(step, step.step)),
  );
  print(report);
  logger.info({ changed, tables }, "bronze_to_silver done");
} catch (error) {
  const failed = findError(error, "quality_gate_failed");
  if (failed) print(failed.details["report"] as QualityReport);
  logger.fatal({ err: error }, "bronze_to_silver failed");
  process.exitCode = exitCodeOf(error);
}
