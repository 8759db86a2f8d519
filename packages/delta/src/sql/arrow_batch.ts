import duckdb, { type Vector } from "@duckdb/node-bindings";
import type { DuckDBDataChunk } from "@duckdb/node-api";
import type * as Arrow from "apache-arrow";
import type { ArrowLibrary } from "./arrow_schema.ts";

/** A chunk's rows (of none: no row) as a record batch of the schema that `arrowSchema` made for its result. The bytes are copied. */
export function recordBatch(
  arrow: ArrowLibrary,
  schema: Arrow.Schema,
  chunk: DuckDBDataChunk | undefined,
): Arrow.RecordBatch {
  const length = chunk?.rowCount ?? 0;
  const converter = new Converter(arrow);
  const children = schema.fields.map(({ type }, place) =>
    chunk
      ? converter.convert(type, { vector: duckdb.data_chunk_get_vector(chunk.chunk, place), size: length, length })
      : converter.none(type),
  );
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
}

/** Values of a DuckDB vector of `size` values: the first `length`, or those at the places `taken`. */
interface Values {
  readonly vector: Vector;
  readonly size: number;
  readonly length: number;
  readonly taken?: Int32Array;
  /** Bitmap of the values that are null whatever the vector says, for their parent is. */
  readonly within?: Uint8Array;
}

type NumberArray =
  | typeof Int8Array
  | typeof Int16Array
  | typeof Int32Array
  | typeof BigInt64Array
  | typeof Float32Array
  | typeof Float64Array;

class Converter {
  readonly #arrow: ArrowLibrary;

  constructor(arrow: ArrowLibrary) {
    this.#arrow = arrow;
  }

  none(type: Arrow.DataType): Arrow.Data {
    const children = (type.children ?? []).map((field: Arrow.Field) => this.none(field.type));
    const valueOffsets = new Int32Array(1);
    return this.#arrow.makeData({ type, length: 0, nullCount: 0, valueOffsets, children, child: children[0] } as never);
  }

  convert(type: Arrow.DataType, values: Values): Arrow.Data {
    const nullBitmap = validity(values);
    const { length } = values;
    const { Type, makeData } = this.#arrow;
    const common = { length, nullBitmap };
    switch (type.typeId) {
      case Type.Bool:
        return makeData({ type: type as Arrow.Bool, ...common, data: packed(numbers(values, Int8Array)) });
      case Type.Int:
        return makeData({ type: type as Arrow.Int, ...common, data: numbers(values, intArray(type as Arrow.Int)) });
      case Type.Float: {
        const isSingle = (type as Arrow.Float).precision === this.#arrow.Precision.SINGLE;
        const data = isSingle ? numbers(values, Float32Array) : numbers(values, Float64Array);
        return makeData({ type: type as Arrow.Float, ...common, data });
      }
      case Type.Date:
        return makeData({ type: type as Arrow.DateDay, ...common, data: numbers(values, Int32Array) });
      case Type.Timestamp:
        return makeData({ type: type as Arrow.Timestamp, ...common, data: numbers(values, BigInt64Array) });
      case Type.Decimal:
        return makeData({ type: type as Arrow.Decimal, ...common, data: decimals(values, type as Arrow.Decimal) });
      case Type.Utf8:
        return makeData({ type: type as Arrow.Utf8, ...common, ...texts(values, nullBitmap) });
      case Type.Binary:
        return makeData({ type: type as Arrow.Binary, ...common, ...texts(values, nullBitmap) });
      case Type.Struct:
        return makeData({
          type: type as Arrow.Struct,
          ...common,
          children: type.children.map((field: Arrow.Field, place: number) =>
            this.convert(field.type, {
              ...values,
              vector: duckdb.struct_vector_get_child(values.vector, place),
              within: nullBitmap,
            }),
          ),
        });
      case Type.Map: {
        const { valueOffsets, elements } = lists(values, nullBitmap);
        const child = this.convert(type.children[0]!.type, elements);
        return makeData({ type: type as Arrow.Map_, ...common, valueOffsets, child });
      }
      default: {
        const { valueOffsets, elements } = lists(values, nullBitmap);
        const child = this.convert(type.children[0]!.type, elements);
        return makeData({ type: type as Arrow.List, ...common, valueOffsets, child });
      }
    }
  }
}

/** A bit for each value, from the lowest, 1 where it is not null; undefined if none is null. */
function validity({ vector, size, length, taken, within }: Values): Uint8Array | undefined {
  // The binding gives null, not an empty array, for a vector without nulls.
  const bits = duckdb.vector_get_validity(vector, Math.ceil(size / 64) * 8) as Uint8Array | null;
  if (!bits) return within;
  const bitmap = new Uint8Array(Math.ceil(length / 8));
  if (taken) {
    for (let at = 0; at < length; at++) if (isSet(bits, taken[at]!)) bitmap[at >> 3]! |= 1 << (at & 7);
  } else bitmap.set(bits.subarray(0, bitmap.length));
  if (within) for (let byte = 0; byte < bitmap.length; byte++) bitmap[byte]! &= within[byte]!;
  return bitmap;
}

function isSet(bitmap: Uint8Array, at: number): boolean {
  return ((bitmap[at >> 3]! >> (at & 7)) & 1) === 1;
}

function numbers<T extends NumberArray>({ vector, size, length, taken }: Values, arrayType: T): InstanceType<T> {
  // All of them are made and filled in the same way.
  const ArrayType = arrayType as unknown as typeof Int32Array;
  const raw = duckdb.vector_get_data(vector, size * ArrayType.BYTES_PER_ELEMENT);
  const all = new ArrayType(raw.buffer, raw.byteOffset, size);
  if (!taken) return all.slice(0, length) as InstanceType<T>;
  const array = new ArrayType(length);
  for (let at = 0; at < length; at++) array[at] = all[taken[at]!]!;
  return array as InstanceType<T>;
}

function intArray({ bitWidth }: Arrow.Int): NumberArray {
  switch (bitWidth) {
    case 8:
      return Int8Array;
    case 16:
      return Int16Array;
    case 32:
      return Int32Array;
    default:
      return BigInt64Array;
  }
}

function packed(booleans: Int8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(booleans.length / 8));
  booleans.forEach((value, at) => {
    if (value !== 0) bits[at >> 3]! |= 1 << (at & 7);
  });
  return bits;
}

/** DuckDB's decimals of 2 to 16 bytes as 16 bytes each. */
function decimals(values: Values, { precision }: Arrow.Decimal): Uint32Array {
  const { length } = values;
  if (precision > 18) return wide(values);
  const words = new Uint32Array(length * 4);
  if (precision > 9) {
    numbers(values, BigInt64Array).forEach((value, at) => {
      const high = Number(value >> 32n);
      words.set([Number(value & 0xffffffffn), high, high >> 31, high >> 31], at * 4);
    });
  } else {
    const narrow: ArrayLike<number> = precision > 4 ? numbers(values, Int32Array) : numbers(values, Int16Array);
    for (let at = 0; at < length; at++) {
      const sign = narrow[at]! >> 31;
      words.set([narrow[at]!, sign, sign, sign], at * 4);
    }
  }
  return words;
}

function wide({ vector, size, length, taken }: Values): Uint32Array {
  const raw = duckdb.vector_get_data(vector, size * 16);
  const all = new Uint32Array(raw.buffer, raw.byteOffset, size * 4);
  if (!taken) return all.slice(0, length * 4);
  const words = new Uint32Array(length * 4);
  for (let at = 0; at < length; at++) words.set(all.subarray(taken[at]! * 4, taken[at]! * 4 + 4), at * 4);
  return words;
}

const INLINE_BYTES = 12;

/** DuckDB's strings: four bytes of length, then up to twelve of the text itself, or four of its beginning and a pointer. */
function texts(
  { vector, size, length, taken }: Values,
  valid: Uint8Array | undefined,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const raw = duckdb.vector_get_data(vector, size * 16);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const place = (at: number): number => (taken ? taken[at]! : at) * 16;
  const valueOffsets = new Int32Array(length + 1);
  for (let at = 0; at < length; at++) {
    const bytes = !valid || isSet(valid, at) ? view.getUint32(place(at), true) : 0;
    valueOffsets[at + 1] = valueOffsets[at]! + bytes;
  }
  const data = new Uint8Array(valueOffsets[length]!);
  for (let at = 0; at < length; at++) {
    const bytes = valueOffsets[at + 1]! - valueOffsets[at]!;
    const start = place(at);
    const text =
      bytes <= INLINE_BYTES
        ? raw.subarray(start + 4, start + 4 + bytes)
        : duckdb.get_data_from_pointer(raw.buffer as ArrayBuffer, raw.byteOffset + start + 8, bytes);
    data.set(text, valueOffsets[at]!);
  }
  return { valueOffsets, data };
}

/** Offsets of lists (or of maps, which are lists of entries) and the elements that they point at, in order. */
function lists(
  { vector, size, length, taken }: Values,
  valid: Uint8Array | undefined,
): { valueOffsets: Int32Array; elements: Values } {
  const raw = duckdb.vector_get_data(vector, size * 16);
  const entries = new BigUint64Array(raw.buffer, raw.byteOffset, size * 2);
  const valueOffsets = new Int32Array(length + 1);
  const starts = new Int32Array(length);
  let isInOrder = true;
  for (let at = 0; at < length; at++) {
    const place = (taken ? taken[at]! : at) * 2;
    const count = !valid || isSet(valid, at) ? Number(entries[place + 1]!) : 0;
    valueOffsets[at + 1] = valueOffsets[at]! + count;
    if (count === 0) continue;
    starts[at] = Number(entries[place]!);
    isInOrder &&= starts[at] === valueOffsets[at];
  }
  const total = valueOffsets[length]!;
  const child = duckdb.list_vector_get_child(vector);
  const elements = { vector: child, size: duckdb.list_vector_get_size(vector), length: total };
  if (isInOrder) return { valueOffsets, elements };
  const places = new Int32Array(total);
  for (let at = 0; at < length; at++) {
    for (let next = valueOffsets[at]!; next < valueOffsets[at + 1]!; next++) {
      places[next] = starts[at]! + next - valueOffsets[at]!;
    }
  }
  return { valueOffsets, elements: { ...elements, taken: places } };
}
