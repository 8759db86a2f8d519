import type { Readable } from "node:stream";

/** What a listing says of an object. */
export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly lastModified: number;
}

/** A file on this machine that holds an object's bytes; `release` removes it if it is only a copy. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string;
}

/**
 * Bytes under keys. A key is a relative path with `/`, without `.`, `..`, empty or control-character segments, without
 * U+FFFE and U+FFFF; others are refused with `invalid_argument`. Keys are taken as they are: no decoding. A key has at most 1,024 bytes, a segment 255; segments
 * that start with `.cinelake-` are the adapters' own. A key must not be a folder of another (`a` beside `a/b`): adapters may refuse
 * that with `invalid_argument`. No room fails with `disk_full`, and nothing has changed.
 *
 * Guarantees (the conformance suite has a test of the same name for each):
 * - put_is_atomic: a reader sees the whole old object, the whole new one or none, also after a crash
 * - put_is_durable: once `put`, `putIfAbsent` or `putFile` resolves, the object survives a crash of process or machine
 * - put_if_absent_has_one_winner: of racing calls on a new key exactly one returns true; its bytes are the ones that stay
 * - get_missing_fails: `get`, `getRange`, `stream` and `localFile` of a missing key fail with `object_not_found`; `head` gives undefined
 * - get_range: [start, end) of the object, shorter at its end; a negative start counts from the end
 * - list_is_ordered: keys with the prefix, by UTF-8 bytes, complete for all that was put before the call began
 * - list_after: with `startAfter` only greater keys
 * - delete_is_idempotent: deleting a missing key succeeds
 * - local_file_reads_the_object: `localFile` names a file with the object's bytes, valid until disposed
 * - put_file_takes_over: `putFile` stores a local file's bytes; the local file may be moved away
 * - bad_keys_are_refused: before anything is touched
 *
 * A store opened with `readOnly` refuses `put`, `putIfAbsent`, `putFile` and `delete` with `object_store_read_only`. A store behind a
 * network fails with `object_store_unavailable` when it has not answered for about a minute; whether a write took effect is then unknown.
 */
export interface ObjectStore extends AsyncDisposable {
  readonly url: string;
  get(key: string): Promise<Uint8Array>;
  getRange(key: string, start: number, end?: number): Promise<Uint8Array>;
  stream(key: string): Promise<Readable>;
  head(key: string): Promise<ObjectInfo | undefined>;
  list(prefix: string, options?: { startAfter?: string }): AsyncIterable<ObjectInfo>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** True if this call made the object, false if the key was taken. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  putFile(key: string, localPath: string): Promise<void>;
  delete(key: string): Promise<void>;
  localFile(key: string): Promise<LocalFile>;
  /** A fresh folder on this machine for files on their way into the store (same file system where that makes `putFile` cheap). */
  stagingDirectory(): Promise<LocalFile>;
}
