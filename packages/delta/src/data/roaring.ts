/** Row numbers from `first` to `last`, both included. */
export interface RowRun {
  readonly first: number;
  readonly last: number;
}

/** Thrown for bytes that are no bitmap; the caller says where they came from. */
export class BitmapError extends Error {
  override readonly name = "BitmapError";
}

const MAGIC = 1681511377;
const COOKIE = 12346;
const COOKIE_WITH_RUNS = 12347;
const OFFSETS_WITH_RUNS_FROM = 4;
const ARRAY_MAXIMUM = 4096;
const BITMAP_BYTES = 8192;

/**
 * The rows of Delta's RoaringBitmapArray, ascending, as runs within blocks of 65,536 (PROTOCOL.md, deletion vector format: a magic number
 * and the 64-bit serialization of RoaringFormatSpec). Fails with BitmapError, at the latest after the last run.
 */
export function* rowRuns(bytes: Uint8Array): Generator<RowRun> {
  const reader = new Reader(bytes);
  const magic = reader.uint32();
  if (magic !== MAGIC) throw new BitmapError(`its magic number is ${magic}, not ${MAGIC}`);
  const bitmaps = reader.uint64();
  let before = -1;
  for (let index = 0; index < bitmaps; index++) {
    const high = reader.uint32();
    if (high <= before) throw new BitmapError("its bitmaps are not in order");
    before = high;
    yield* bitmapRuns(reader, high * 2 ** 32);
  }
  if (!reader.isAtEnd) throw new BitmapError("bytes follow its last bitmap");
}

interface Container {
  readonly first: number;
  readonly cardinality: number;
  readonly isRun: boolean;
}

function* bitmapRuns(reader: Reader, base: number): Generator<RowRun> {
  for (const { first, cardinality, isRun } of readHeader(reader, base)) {
    let rows = 0;
    for (const run of containerRuns(reader, first, cardinality, isRun)) {
      rows += run.last - run.first + 1;
      yield run;
    }
    if (rows !== cardinality) throw new BitmapError(`a container has ${rows} rows, not ${cardinality}`);
  }
}

/** The containers' descriptions, which come before all containers. */
function readHeader(reader: Reader, base: number): Container[] {
  const cookie = reader.uint32();
  const hasRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS;
  if (!hasRuns && cookie !== COOKIE) throw new BitmapError(`its cookie is ${cookie}`);
  const count = hasRuns ? (cookie >>> 16) + 1 : reader.uint32();
  if (count > 65536) throw new BitmapError(`it has ${count} containers`);
  const flags = hasRuns ? reader.bytes(Math.ceil(count / 8)) : undefined;
  const containers: Container[] = [];
  let before = -1;
  for (let index = 0; index < count; index++) {
    const key = reader.uint16();
    if (key <= before) throw new BitmapError("its containers are not in order");
    before = key;
    const isRun = flags !== undefined && ((flags[index >> 3]! >> (index & 7)) & 1) === 1;
    containers.push({ first: base + key * 65536, cardinality: reader.uint16() + 1, isRun });
  }
  if (!hasRuns || count >= OFFSETS_WITH_RUNS_FROM) reader.bytes(4 * count);
  return containers;
}

function containerRuns(reader: Reader, base: number, cardinality: number, isRun: boolean): Iterable<RowRun> {
  if (isRun) return runsOfRuns(reader, base);
  return joined(cardinality <= ARRAY_MAXIMUM ? arrayRows(reader, base, cardinality) : bitmapRows(reader, base));
}

function* runsOfRuns(reader: Reader, base: number): Generator<RowRun> {
  const count = reader.uint16();
  let before = -1;
  for (let index = 0; index < count; index++) {
    const start = reader.uint16();
    const last = start + reader.uint16();
    if (start <= before || last > 0xffff) throw new BitmapError("its runs are not in order");
    before = last;
    yield { first: base + start, last: base + last };
  }
}

function* arrayRows(reader: Reader, base: number, count: number): Generator<number> {
  let before = -1;
  for (let index = 0; index < count; index++) {
    const row = reader.uint16();
    if (row <= before) throw new BitmapError("its rows are not in order");
    before = row;
    yield base + row;
  }
}

function* bitmapRows(reader: Reader, base: number): Generator<number> {
  const bits = reader.bytes(BITMAP_BYTES);
  for (let index = 0; index < BITMAP_BYTES; index++) {
    for (let byte = bits[index]!; byte !== 0; byte &= byte - 1)
      yield base + index * 8 + (31 - Math.clz32(byte & -byte));
  }
}

/** Neighbouring rows as one run. */
function* joined(rows: Iterable<number>): Generator<RowRun> {
  let first: number | undefined;
  let last = -2;
  for (const row of rows) {
    if (first !== undefined && row !== last + 1) {
      yield { first, last };
      first = undefined;
    }
    first ??= row;
    last = row;
  }
  if (first !== undefined) yield { first, last };
}

/** Little-endian numbers one after the other. */
class Reader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#advance(count), count);
  }

  #advance(count: number): number {
    const at = this.#at;
    if (at + count > this.#view.byteLength) throw new BitmapError("it ends too early");
    this.#at = at + count;
    return at;
  }
}
