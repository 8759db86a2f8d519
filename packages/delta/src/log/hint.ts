import { createHash } from "node:crypto";
import { findError } from "@cinelake/contracts/errors";
import type { ObjectStore } from "@cinelake/object_store";
import { lastCheckpointKey } from "./names.ts";

/** What `_last_checkpoint` says of a checkpoint (PROTOCOL.md, last checkpoint file). */
export interface LastCheckpoint {
  readonly version: number;
  /** Number of actions. */
  readonly size: number;
  readonly parts?: number;
  readonly sizeInBytes?: number;
  readonly numOfAddFiles?: number;
}

/** The version that `_last_checkpoint` names. It is a hint: missing, torn, altered or senseless text counts as none. */
export async function readHint(store: ObjectStore, table: string): Promise<number | undefined> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(await store.get(lastCheckpointKey(table))));
    if (typeof value !== "object" || value === null) return undefined;
    const { version, checksum } = value as { version?: unknown; checksum?: unknown };
    if (checksum !== undefined && checksum !== checksumOf(value)) return undefined;
    return typeof version === "number" && Number.isSafeInteger(version) && version >= 0 ? version : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || findError(error, "object_not_found")) return undefined;
    throw error;
  }
}

export async function writeHint(store: ObjectStore, table: string, last: LastCheckpoint): Promise<void> {
  const text = JSON.stringify({ ...last, checksum: checksumOf(last) });
  await store.put(lastCheckpointKey(table), new TextEncoder().encode(text));
}

/** MD5 of the JSON's canonical form without its own checksum (PROTOCOL.md, JSON checksum). */
export function checksumOf(last: object): string {
  const leaves = Object.entries(last).flatMap(([name, value]) =>
    name === "checksum" ? [] : canonicalLeaves(encoded(name), value),
  );
  const sorted = leaves.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return createHash("md5")
    .update(sorted.map(({ path, value }) => `${path}=${value}`).join(","))
    .digest("hex");
}

function canonicalLeaves(path: string, value: unknown): { path: string; value: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => canonicalLeaves(`${path}+${index}`, item));
  if (typeof value !== "object" || value === null) {
    return value === undefined ? [] : [{ path, value: typeof value === "string" ? encoded(value) : String(value) }];
  }
  return Object.entries(value).flatMap(([name, item]) => canonicalLeaves(`${path}+${encoded(name)}`, item));
}

/** Everything but letters, digits and `-._~` percent-encoded. */
function encoded(text: string): string {
  const plain = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `"${plain}"`;
}
