import { crc32 } from "node:zlib";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { DeletionVector } from "../log/actions.ts";
import { BitmapError, rowRuns, type RowRun } from "./roaring.ts";
import { decodeZ85 } from "./z85.ts";

/** Where a deletion vector's bytes are: in the log itself, or in a file that a URI names as `add.path` would. */
export type VectorPlace =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "file"; readonly uri: string; readonly start: number; readonly size: number };

const UUID_LENGTH = 20;
/** Before a vector stands its size, behind it a CRC-32, of four bytes each. */
const FRAME_BYTES = 4;

/** Where a file's `deletionVector` lies (PROTOCOL.md, deletion vector descriptor); `delta_corrupt` if it cannot be told. */
export function vectorPlace(vector: DeletionVector): VectorPlace {
  const { storageType, pathOrInlineDv: text, offset, sizeInBytes: size } = vector;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) throw corrupt(vector, "its size is missing");
  if (storageType === "i") {
    const bytes = decodeZ85(text);
    if (!bytes || bytes.length < size) throw corrupt(vector, `it does not hold ${size} bytes in Z85`);
    return { kind: "inline", bytes: bytes.subarray(0, size) };
  }
  // The byte before the first vector of a file is the format's version, which an offset of 0 must mean as well.
  const start = Math.max(offset ?? 0, 1);
  if (storageType === "p") return { kind: "file", uri: text, start, size };
  if (storageType === "u") return { kind: "file", uri: relativePath(vector), start, size };
  throw corrupt(vector, `its storage type is ${storageType}`);
}

function relativePath(vector: DeletionVector): string {
  const text = vector.pathOrInlineDv;
  const bytes = decodeZ85(text.slice(-UUID_LENGTH));
  if (bytes?.length !== 16) throw corrupt(vector, "its name is no identifier in Z85");
  const id = Buffer.from(bytes).toString("hex");
  const uuid = [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join("-");
  const prefix = text.slice(0, -UUID_LENGTH);
  return `${prefix === "" ? "" : `${encodeURIComponent(prefix)}/`}deletion_vector_${uuid}.bin`;
}

/** The byte after a vector in its file. */
export function vectorEnd(place: { readonly start: number; readonly size: number }): number {
  return place.start + FRAME_BYTES + place.size + FRAME_BYTES;
}

/** A vector's own bytes out of its file (or the beginning of it); `delta_corrupt` unless version, size and checksum agree. */
export function vectorBytes(vector: DeletionVector, file: Uint8Array, start: number, size: number): Uint8Array {
  if (file.length < vectorEnd({ start, size })) throw corrupt(vector, "its file ends too early");
  if (file[0] !== 1) throw corrupt(vector, `its file is of version ${file[0]}, not 1`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const written = view.getUint32(start);
  if (written !== size) throw corrupt(vector, `its file says ${written} bytes, the log ${size}`);
  const bytes = file.subarray(start + FRAME_BYTES, start + FRAME_BYTES + size);
  if (crc32(bytes) !== view.getUint32(start + FRAME_BYTES + size)) throw corrupt(vector, "its checksum is wrong");
  return bytes;
}

/** The rows that a vector deletes; `delta_corrupt`, at the latest at the end, unless they are as many as the log says. */
export function* deletedRuns(vector: DeletionVector, bytes: Uint8Array): Generator<RowRun> {
  let rows = 0;
  try {
    for (const run of rowRuns(bytes)) {
      rows += run.last - run.first + 1;
      yield run;
    }
  } catch (cause) {
    if (cause instanceof BitmapError) throw corrupt(vector, cause.message, cause);
    throw cause;
  }
  if (vector.cardinality !== undefined && rows !== vector.cardinality) {
    throw corrupt(vector, `it deletes ${rows} rows, the log says ${vector.cardinality}`);
  }
}

function corrupt({ storageType, pathOrInlineDv }: DeletionVector, problem: string, cause?: unknown): CinelakeError {
  const shown = `${storageType}${pathOrInlineDv.slice(0, 100)}`;
  return new CinelakeError("delta_corrupt", `The deletion vector ${shown} cannot be read: ${problem}.`, {
    cause,
    details: { deletionVector: shown },
  });
}
