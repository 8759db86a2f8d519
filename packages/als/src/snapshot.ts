import { crc32 } from "node:zlib";
import type { ServingSnapshot } from "./api.ts";
import { checkCsr } from "./csr.ts";
import { checkAlsOptions } from "./options.ts";

/*
 * Layout, all numbers little-endian:
 *    0  8 bytes  magic
 *    8  uint32   format version
 *   12  uint32   CRC-32 of the whole file with these four bytes as zero
 *   16  float64  length of the file
 *   24  uint32   length of the header
 *   28  4 bytes  zero
 *   32  header   JSON (UTF-8): model_version, options, next_offsets, rows, columns, lengths of the arrays in SECTIONS' order
 *  then the arrays, each at the next multiple of 64, so that they are read in place.
 */
const MAGIC = new TextEncoder().encode("CLALSNAP");
const VERSION = 1;
const CRC_AT = 12;
const HEADER_AT = 32;
const ALIGNMENT = 64;

type Numbers = Float64Array | Float32Array | Int32Array;
type NumbersType = { new (buffer: ArrayBufferLike, at: number, length: number): Numbers; BYTES_PER_ELEMENT: number };
const SECTIONS: readonly NumbersType[] = [
  Float64Array, // userIds
  Float32Array, // userFactors
  Float64Array, // movieIds
  Float32Array, // itemFactors
  Int32Array, // ratings.indptr
  Int32Array, // ratings.indices
  Float32Array, // ratings.values
  Float64Array, // ratingTimes
];

interface Header {
  readonly model_version: string;
  readonly options: ServingSnapshot["options"];
  readonly next_offsets: Record<string, number>;
  readonly rows: number;
  readonly columns: number;
  readonly lengths: readonly number[];
}

/** A snapshot's bytes cannot be used: damaged, cut off, or written by a newer format. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
}

/** One self-contained file; equal snapshots give equal bytes. Throws RangeError if its arrays do not fit each other. */
export function encodeSnapshot(snapshot: ServingSnapshot): Uint8Array {
  checkSnapshot(snapshot);
  const { ratings } = snapshot;
  const arrays: Numbers[] = [
    snapshot.userIds,
    snapshot.userFactors,
    snapshot.movieIds,
    snapshot.itemFactors,
    ratings.indptr,
    ratings.indices,
    ratings.values,
    snapshot.ratingTimes,
  ];
  const lengths = arrays.map((array) => array.length);
  const header = new TextEncoder().encode(
    JSON.stringify({
      model_version: snapshot.modelVersion,
      options: snapshot.options,
      next_offsets: snapshot.nextOffsets,
      rows: ratings.rows,
      columns: ratings.columns,
      lengths,
    } satisfies Header),
  );
  const places = layout(header.length, lengths);
  const bytes = new Uint8Array(places.total);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, VERSION, true);
  view.setFloat64(16, places.total, true);
  view.setUint32(24, header.length, true);
  bytes.set(header, HEADER_AT);
  arrays.forEach((array, at) =>
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), places.starts[at]!),
  );
  view.setUint32(CRC_AT, crc32(bytes), true);
  return bytes;
}

/**
 * The inverse of `encodeSnapshot`. The arrays are views of `bytes` where its place in memory is a multiple of 8, so `bytes` must
 * not be changed afterwards. Throws SnapshotError for anything but a whole, undamaged file of a known format.
 */
export function decodeSnapshot(bytes: Uint8Array): ServingSnapshot {
  const whole = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const header = readHeader(whole);
  const places = layout(new DataView(whole.buffer, whole.byteOffset).getUint32(24, true), header.lengths);
  if (places.total !== whole.length)
    throw new SnapshotError("Model snapshot is damaged: its arrays do not fill the file");
  const section = (at: number): Numbers =>
    new SECTIONS[at]!(whole.buffer, whole.byteOffset + places.starts[at]!, header.lengths[at]!);
  const snapshot: ServingSnapshot = {
    modelVersion: header.model_version,
    options: header.options,
    userIds: section(0) as Float64Array,
    userFactors: section(1) as Float32Array,
    movieIds: section(2) as Float64Array,
    itemFactors: section(3) as Float32Array,
    ratings: {
      rows: header.rows,
      columns: header.columns,
      indptr: section(4) as Int32Array,
      indices: section(5) as Int32Array,
      values: section(6) as Float32Array,
    },
    ratingTimes: section(7) as Float64Array,
    nextOffsets: header.next_offsets,
  };
  try {
    checkSnapshot(snapshot);
  } catch (error) {
    throw new SnapshotError(`Model snapshot is damaged: ${(error as Error).message}`, { cause: error });
  }
  return snapshot;
}

function readHeader(bytes: Uint8Array): Header {
  if (bytes.length < HEADER_AT || MAGIC.some((byte, at) => bytes[at] !== byte)) {
    throw new SnapshotError("Not a model snapshot: its first bytes are missing or different");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getFloat64(16, true);
  if (length !== bytes.length) {
    throw new SnapshotError(`Model snapshot is cut off or damaged: ${bytes.length} bytes, its header says ${length}`);
  }
  const found = crc32(bytes.subarray(CRC_AT + 4), crc32(new Uint8Array(4), crc32(bytes.subarray(0, CRC_AT))));
  if (found !== view.getUint32(CRC_AT, true))
    throw new SnapshotError("Model snapshot is damaged: its checksum does not match");
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new SnapshotError(
      `Model snapshot has format ${version}, this program reads ${VERSION}: train again or upgrade`,
    );
  }
  return JSON.parse(
    new TextDecoder().decode(bytes.subarray(HEADER_AT, HEADER_AT + view.getUint32(24, true))),
  ) as Header;
}

function layout(headerLength: number, lengths: readonly number[]): { starts: number[]; total: number } {
  let end = HEADER_AT + headerLength;
  const starts = lengths.map((length, at) => {
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = start + length * SECTIONS[at]!.BYTES_PER_ELEMENT;
    return start;
  });
  return { starts, total: end };
}

function checkSnapshot(snapshot: ServingSnapshot): void {
  const { userIds, movieIds, ratings, options } = snapshot;
  checkAlsOptions(options);
  checkCsr(ratings);
  checkRising("user", userIds);
  checkRising("film", movieIds);
  if (snapshot.userFactors.length !== userIds.length * options.factors)
    throw new RangeError("user factors do not fit the users");
  if (snapshot.itemFactors.length !== movieIds.length * options.factors)
    throw new RangeError("film factors do not fit the films");
  if (ratings.rows !== userIds.length || ratings.columns !== movieIds.length) {
    throw new RangeError("ratings do not fit users and films");
  }
  if (snapshot.ratingTimes.length !== ratings.values.length)
    throw new RangeError("rating times do not fit the ratings");
}

function checkRising(name: string, ids: Float64Array): void {
  for (let at = 0; at < ids.length; at++) {
    if (!Number.isSafeInteger(ids[at]!) || (at > 0 && ids[at]! <= ids[at - 1]!)) {
      throw new RangeError(`${name} ids do not rise at ${at} or are no safe integers`);
    }
  }
}
