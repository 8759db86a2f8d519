import { crc32 } from "node:zlib";
import type { DeletionVector } from "../../src/log/actions.ts";

type Container = "array" | "bitmap" | "run";
const COOKIE = 12346;
const COOKIE_WITH_RUNS = 12347;

/** RoaringBitmapArray of ascending rows; `kindOf` says of which kind each container of 65,536 rows shall be where it can. */
export function encodeRows(rows: readonly number[], kindOf: (key: number) => Container = () => "array"): Uint8Array {
  const byHigh = Map.groupBy(rows, (row) => Math.floor(row / 2 ** 32));
  const parts = [uint32(1681511377), uint64(byHigh.size)];
  for (const [high, own] of byHigh) parts.push(uint32(high), encodeBitmap(own, kindOf));
  return concat(parts);
}

function encodeBitmap(rows: readonly number[], kindOf: (key: number) => Container): Uint8Array {
  const byKey = Map.groupBy(rows, (row) => Math.floor((row % 2 ** 32) / 65536));
  const containers = Array.from(byKey, ([key, own]) => {
    const lows = own.map((row) => row % 65536);
    return { key, lows, isRun: kindOf(key) === "run", bytes: encodeContainer(lows, kindOf(key)) };
  });
  const hasRuns = containers.some(({ isRun }) => isRun);
  const head = hasRuns
    ? [uint32(COOKIE_WITH_RUNS | ((containers.length - 1) << 16)), flags(containers)]
    : [uint32(COOKIE), uint32(containers.length)];
  const sizes = containers.flatMap(({ key, lows }) => [uint16(key), uint16(lows.length - 1)]);
  // Readers of a whole bitmap need no offsets; what counts is that they are there where the format has them.
  const offsets = !hasRuns || containers.length >= 4 ? [new Uint8Array(4 * containers.length)] : [];
  return concat([...head, ...sizes, ...offsets, ...containers.map(({ bytes }) => bytes)]);
}

function encodeContainer(lows: readonly number[], kind: Container): Uint8Array {
  if (kind === "run") {
    const runs: [number, number][] = [];
    for (const low of lows) {
      const last = runs.at(-1);
      if (last && last[1] + 1 === low) last[1] = low;
      else runs.push([low, low]);
    }
    return concat([uint16(runs.length), ...runs.flatMap(([first, last]) => [uint16(first), uint16(last - first)])]);
  }
  if (lows.length <= 4096) return concat(lows.map(uint16));
  const bits = new Uint8Array(8192);
  for (const low of lows) bits[low >> 3]! |= 1 << (low & 7);
  return bits;
}

function flags(containers: readonly { readonly isRun: boolean }[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(containers.length / 8));
  containers.forEach(({ isRun }, index) => {
    if (isRun) bits[index >> 3]! |= 1 << (index & 7);
  });
  return bits;
}

/** A deletion vector in the log itself. */
export function inlineVector(rows: readonly number[]): DeletionVector {
  const bytes = encodeRows(rows);
  const padded = concat([bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)]);
  return {
    storageType: "i",
    pathOrInlineDv: encodeZ85(padded),
    sizeInBytes: bytes.length,
    cardinality: rows.length,
  };
}

/** A deletion vector file with several vectors, and where each begins and how long it is. */
export function vectorFile(vectors: readonly Uint8Array[]): {
  bytes: Uint8Array;
  places: { offset: number; sizeInBytes: number }[];
} {
  const parts: Uint8Array[] = [Uint8Array.of(1)];
  const places: { offset: number; sizeInBytes: number }[] = [];
  let offset = 1;
  for (const vector of vectors) {
    places.push({ offset, sizeInBytes: vector.length });
    parts.push(bigEndian(vector.length), vector, bigEndian(crc32(vector)));
    offset += vector.length + 8;
  }
  return { bytes: concat(parts), places };
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (const power of [85 ** 4, 85 ** 3, 85 ** 2, 85, 1]) text += ALPHABET[Math.floor(word / power) % 85];
  }
  return text;
}

function uint16(value: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(value).buffer);
}

function uint32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function uint64(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function bigEndian(value: number): Uint8Array {
  return uint32(value).toReversed();
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
