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

/** Folder of the files that V2 checkpoints refer to, as a key prefix. */
export function sidecarPrefix(table: string): string {
  return `${logPrefix(table)}_sidecars/`;
}

/** The greatest key that is below every file of a version. */
export function keyBefore(table: string, version: number): string {
  return logPrefix(table) + padded(version);
}

export type LogFile =
  | { readonly kind: "commit"; readonly version: number }
  | { readonly kind: "checksum"; readonly version: number }
  | { readonly kind: "compaction"; readonly version: number; readonly to: number }
  | {
      readonly kind: "checkpoint";
      readonly version: number;
      readonly format: "parquet" | "json";
      readonly part: number;
      readonly parts: number;
      /** What tells the checkpoints of one version apart. */
      readonly id: string;
    };

const NAME =
  /^(\d{20})\.(?:(?<commit>json)|(?<crc>crc)|(?<to>\d{20})\.compacted\.json|checkpoint(?:\.(?<part>\d{10})\.(?<parts>\d{10})|\.(?<uuid>[0-9a-fA-F-]{36}))?\.(?<format>parquet|json))$/;

/** What a file name in the log's folder stands for; undefined for any that is not of exactly these forms. */
export function parseLogFile(name: string): LogFile | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const version = Number(match[1]);
  const { commit, crc, to, part = "1", parts = "1", uuid = "", format } = match.groups!;
  if (!Number.isSafeInteger(version)) return undefined;
  if (commit) return { kind: "commit", version };
  if (crc) return { kind: "checksum", version };
  if (to) return Number(to) > version ? { kind: "compaction", version, to: Number(to) } : undefined;
  if (format === "json" && uuid === "") return undefined;
  const id = `${version}/${parts}/${uuid}`;
  return {
    kind: "checkpoint",
    version,
    format: format as "parquet" | "json",
    part: Number(part),
    parts: Number(parts),
    id,
  };
}

function padded(version: number): string {
  return String(version).padStart(20, "0");
}
