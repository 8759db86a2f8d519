import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { CinelakeError } from "@cinelake/contracts";
import type { EventLog } from "./event_log.ts";
import type { FileLogOptions } from "./file_log.ts";

/** Settings of embedded logs; a server has its own. */
export type EventLogOptions = Omit<FileLogOptions, "disk">;

/**
 * Opens the log behind a URL: `file:///folder` or an absolute path (made if missing; one process at a time may have it open), or
 * `memory:` (which keeps everything), or `kafka://host:port,host:port` (a cluster, connected to when it is used). Fails with `config_invalid` for anything else and for a folder that cannot be used, and with
 * `log_corrupt` if acknowledged records are damaged. The caller disposes of the log.
 */
export async function openEventLog(url: string, options: EventLogOptions = {}): Promise<EventLog> {
  if (url === "memory:") return (await import("./memory_log.ts")).openMemoryLog(options);
  if (url.startsWith("kafka://")) return (await import("./kafka_log.ts")).openKafkaLog(url);
  const path = pathOf(url);
  if (path === undefined) {
    throw new CinelakeError(
      "config_invalid",
      `No event log for ${JSON.stringify(url)}: give file:///absolute/folder, an absolute path, memory: or kafka://host:port`,
    );
  }
  return (await import("./file_log.ts")).openFileLog(path, options);
}

function pathOf(url: string): string | undefined {
  if (isAbsolute(url)) return url;
  if (!url.startsWith("file:///")) return undefined;
  try {
    return fileURLToPath(url);
  } catch {
    return undefined;
  }
}
