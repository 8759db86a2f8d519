import { crc32 } from "node:zlib";
import { CinelakeError } from "@cinelake/contracts";
import type { LogRecord, NewRecord, TopicPartition } from "./event_log.ts";

/**
 * A frame is what the log writes and syncs at once: one or more records under one checksum, so that it is there as a whole or not
 * at all, and so that a whole frame after a broken one proves damage (a frame is begun only when the one before it is durable).
 *
 *     u32 magic | u32 crc of all that follows | u32 length of body | u32 records | u64 first offset | f64 timestamp | body
 *
 * The body is the records: u32 length of the rest | u32 key length | u16 headers | key | headers (u16 length, name, u32 length,
 * value) | value. Numbers are little-endian. The magic carries the version of the format.
 */
const MAGIC = 0x31464c43; // "CLF1"
const MAGIC_BYTES = Buffer.from("CLF1");
export const FRAME_HEADER_BYTES = 32;
/** A record's key, headers and value together; what a Kafka broker takes by default. */
export const MAX_RECORD_BYTES = 1_000_000;
/** Records are gathered up to this size; a frame has at least one record. */
export const FRAME_TARGET_BYTES = 1 << 20;
const MAX_BODY_BYTES = FRAME_TARGET_BYTES + 2 * MAX_RECORD_BYTES;

export interface Frame {
  readonly base: number;
  readonly count: number;
  readonly timestamp: number;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** What stands at a place: a whole frame, the beginning of one (`needed` bytes in all), or something else. */
export type FrameAt = Frame | { readonly needed: number } | "broken";

/** Bytes of a record's key, headers and value with their lengths; fails with `invalid_argument` or `payload_too_large`. */
export function recordBytes({ key, value, headers = {} }: NewRecord): number {
  const names = Object.entries(headers);
  if (!key.isWellFormed() || names.some(([name, text]) => !name.isWellFormed() || !text.isWellFormed())) {
    throw new CinelakeError("invalid_argument", "A record's key and headers must be well-formed Unicode");
  }
  const headerBytes = names.reduce(
    (sum, [name, text]) => sum + 6 + Buffer.byteLength(name) + Buffer.byteLength(text),
    0,
  );
  const length = 6 + Buffer.byteLength(key) + headerBytes + value.length;
  if (length > MAX_RECORD_BYTES || names.length > 1000) {
    throw new CinelakeError(
      "payload_too_large",
      `A record of ${length} bytes is too large; the log takes ${MAX_RECORD_BYTES}`,
    );
  }
  return length;
}

/** One record as it stands in a frame's body; fails as `recordBytes` does. */
export function encodeRecord(record: NewRecord): Buffer {
  const { key, value, headers = {} } = record;
  const length = recordBytes(record);
  const names = Object.entries(headers);
  const keyBytes = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(4 + length);
  let at = bytes.writeUInt32LE(length, 0);
  at = bytes.writeUInt32LE(keyBytes, at);
  at = bytes.writeUInt16LE(names.length, at);
  at += bytes.write(key, at);
  for (const [name, text] of names) {
    at = bytes.writeUInt16LE(Buffer.byteLength(name), at);
    at += bytes.write(name, at);
    at = bytes.writeUInt32LE(Buffer.byteLength(text), at);
    at += bytes.write(text, at);
  }
  bytes.set(value, at);
  return bytes;
}

/** `records` as `encodeRecord` gave them. */
export function encodeFrame(base: number, timestamp: number, records: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  const frame = Buffer.concat([header, ...records]);
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(frame.length - FRAME_HEADER_BYTES, 8);
  frame.writeUInt32LE(records.length, 12);
  frame.writeBigUInt64LE(BigInt(base), 16);
  frame.writeDoubleLE(timestamp, 24);
  frame.writeUInt32LE(crc32(frame.subarray(8)), 4);
  return frame;
}

/** Looks at what begins at `at`; total on any bytes. */
export function frameAt(bytes: Buffer, at: number): FrameAt {
  const available = bytes.length - at;
  if (available < FRAME_HEADER_BYTES) return { needed: FRAME_HEADER_BYTES };
  if (bytes.readUInt32LE(at) !== MAGIC) return "broken";
  const body = bytes.readUInt32LE(at + 8);
  const count = bytes.readUInt32LE(at + 12);
  if (count === 0 || body > MAX_BODY_BYTES) return "broken";
  const length = FRAME_HEADER_BYTES + body;
  if (available < length) return { needed: length };
  if (crc32(bytes.subarray(at + 8, at + length)) !== bytes.readUInt32LE(at + 4)) return "broken";
  const base = Number(bytes.readBigUInt64LE(at + 16));
  return { base, count, timestamp: bytes.readDoubleLE(at + 24), length };
}

/** Position of the first whole frame after `from` that continues the log at or after `offset`, or undefined. */
export function findFrame(bytes: Buffer, from: number, offset: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC_BYTES, from); at >= 0; at = bytes.indexOf(MAGIC_BYTES, at + 1)) {
    const found = frameAt(bytes, at);
    if (found !== "broken" && "length" in found && found.base >= offset) return at;
  }
  return undefined;
}

/** The frame's records from `offset` on; their values are views of `bytes`. `take` ends it by returning false. */
export function readRecords(
  bytes: Buffer,
  at: number,
  frame: Frame,
  source: TopicPartition,
  offset: number,
  take: (record: LogRecord, size: number) => boolean,
): boolean {
  let position = at + FRAME_HEADER_BYTES;
  for (let index = 0; index < frame.count; index++) {
    const length = bytes.readUInt32LE(position);
    const start = position + 4;
    position = start + length;
    if (frame.base + index < offset) continue;
    if (!take(decodeRecord(bytes.subarray(start, position), source, frame, frame.base + index), length)) return false;
  }
  return true;
}

function decodeRecord(bytes: Buffer, source: TopicPartition, frame: Frame, offset: number): LogRecord {
  const text = (from: number, length: number): string => bytes.toString("utf8", from, from + length);
  const keyBytes = bytes.readUInt32LE(0);
  const key = text(6, keyBytes);
  const headers: [string, string][] = [];
  let at = 6 + keyBytes;
  for (let left = bytes.readUInt16LE(4); left > 0; left--) {
    const nameBytes = bytes.readUInt16LE(at);
    const textBytes = bytes.readUInt32LE(at + 2 + nameBytes);
    headers.push([text(at + 2, nameBytes), text(at + 6 + nameBytes, textBytes)]);
    at += 6 + nameBytes + textBytes;
  }
  const { topic, partition } = source;
  const { timestamp } = frame;
  return { topic, partition, offset, timestamp, key, headers: Object.fromEntries(headers), value: bytes.subarray(at) };
}
