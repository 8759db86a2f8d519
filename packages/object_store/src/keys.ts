import { CinelakeError } from "@cinelake/contracts/errors";

/** Names that start so belong to the store itself: temporary files and staging folders. No key has such a segment, no listing shows one. */
export const RESERVED_NAME = ".cinelake-";

const MAX_KEY_BYTES = 1024;
const MAX_SEGMENT_BYTES = 255;

/** Fails with `invalid_argument` unless every adapter can hold the key. */
export function checkKey(key: string): void {
  const problem = problemOfKey(key);
  if (problem) refuse("key", key, problem);
}

/** Whether `checkKey` lets the key pass. */
export function isKey(key: string): boolean {
  return problemOfKey(key) === undefined;
}

/** Like `checkKey`, for the beginning of a key: empty, or cut off anywhere. */
export function checkPrefix(prefix: string): void {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const problem = (folder === "" ? undefined : problemOfKey(folder.slice(0, -1))) ?? problemOfText(prefix);
  if (problem) refuse("prefix", prefix, problem);
}

/** The byte range [start, end) of an object of `size` bytes that `getRange` means; fails with `invalid_argument`. */
export function resolveRange(size: number, start: number, end?: number): { start: number; end: number } {
  if (!Number.isSafeInteger(start) || (end !== undefined && !(Number.isSafeInteger(end) && end >= 0))) {
    throw new CinelakeError(
      "invalid_argument",
      `Byte range ${start}..${end} is not made of whole numbers with end >= 0`,
    );
  }
  const from = start < 0 ? Math.max(0, size + start) : Math.min(start, size);
  return { start: from, end: Math.max(from, Math.min(end ?? size, size)) };
}

/** Order of the texts' UTF-8 bytes. JavaScript's own order differs where characters beyond the basic plane meet U+E000 and above. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x !== y) return utf8Rank(x) - utf8Rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function utf8Rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function problemOfKey(key: string): string | undefined {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `it is longer than ${MAX_KEY_BYTES} bytes`;
  for (const segment of key.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a segment "${segment}"`;
    if (segment.startsWith(RESERVED_NAME)) return `names that start with "${RESERVED_NAME}" are the store's own`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES)
      return `it has a segment of more than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return problemOfText(key);
}

function problemOfText(text: string): string | undefined {
  if (!text.isWellFormed()) return "it is not well-formed Unicode";
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return "it has a control character";
    if (unit >= 0xfffe) return "it has a noncharacter (U+FFFE, U+FFFF), which S3 listings cannot carry";
  }
  return undefined;
}

function refuse(what: string, text: string, problem: string): never {
  throw new CinelakeError(
    "invalid_argument",
    `Object ${what} ${JSON.stringify(text.slice(0, 200))} is refused: ${problem}`,
  );
}
