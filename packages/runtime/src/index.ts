export { reportCacheLosses } from "./cache_losses.ts";
export { composeServices } from "./compose_services.ts";
export {
  configVariables,
  envName,
  loadConfig,
  type ConfigSchema,
  type ConfigSources,
  type ConfigVariable,
} from "./config.ts";
export { parseConfigFile, withConfigFile } from "./config_file.ts";
export { configurationPage, type ConfigurationSection } from "./configuration_page.ts";
export { endOnUncaught, endProcess } from "./end_process.ts";
export { exitCodeOf } from "./exit_code.ts";
export { reportServiceHealth, serviceHealth } from "./health.ts";
export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from "./logger.ts";
export {
  collectProcessMetrics,
  createMetrics,
  type Counter,
  type Gauge,
  type Histogram,
  type Metrics,
} from "./metrics.ts";
export { createMonitor, monitored, monitorSettings, type Monitor, type MonitorOptions } from "./monitor.ts";
export { processSettings } from "./process_settings.ts";
export { retry, retryDelay, type RetryOptions } from "./retry.ts";
export { runService, type RunOptions } from "./run_service.ts";
export type { Service } from "./service.ts";
export { sparingly } from "./sparingly.ts";
export { maskUrl, resolveUrls, URL_VARIABLES, type Environment, type Urls } from "./urls.ts";
