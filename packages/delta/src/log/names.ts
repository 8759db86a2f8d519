/** Folder of a table's log, as a key prefix. */
export function logPrefix(table: string): string {
  return `${table}/_delta_log/`;
}

export function commitKey(table: string, version: number): string {
  return `${logPrefix(table)}${padded(version)}.json`;
}

export function checkpointKey(table: string, version: number): string {
  return `${logPrefix(table)}${padded(version)}.checkpoint.parquet`;
}

export function lastCheckpointKey(table: string): string {
  return `${logPrefix(table)}_last_checkpoint`;
}

/** The greatest key that is below every file of a version. */
export function keyBefore(table: string, version: number): string {
  return logPrefix(table) + padded(version);
}

export type LogFile =
  | { readonly kind: "commit"; readonly version: number }
  | { readonly kind: "checkpoint"; readonly version: number; readonly part: number; readonly parts: number }
  | { readonly kind: "checkpoint_v2"; readonly version: number };

/** What a file name in the log's folder stands for; undefined for any that is not of exactly these forms. */
export function parseLogFile(name: string): LogFile | undefined {
  const match =
    /^(\d{20})\.(?:(json)|checkpoint(?:\.(\d{10})\.(\d{10}))?\.parquet|checkpoint\.([0-9a-f-]{36})\.(?:json|parquet))$/.exec(
      name,
    );
  if (!match) return undefined;
  const version = Number(match[1]);
  if (match[2]) return { kind: "commit", version };
  if (match[5]) return { kind: "checkpoint_v2", version };
  return { kind: "checkpoint", version, part: Number(match[3] ?? 1), parts: Number(match[4] ?? 1) };
}

function padded(version: number): string {
  return String(version).padStart(20, "0");
}
