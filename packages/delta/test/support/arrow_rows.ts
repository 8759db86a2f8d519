import { Type, type Data, type DataType, type Decimal, type RecordBatch, type Timestamp } from "apache-arrow";
import type { Row } from "@cinelake/delta";

/** A record batch's rows, values as `Row` says, read from its buffers. */
export function arrowRows(batch: RecordBatch): Row[] {
  return Array.from({ length: batch.numRows }, (_, row) =>
    Object.fromEntries(batch.schema.fields.map(({ name }, place) => [name, valueAt(batch.data.children[place]!, row)])),
  );
}

function valueAt(data: Data, at: number): unknown {
  if (!data.getValid(at)) return null;
  const type = data.type as DataType;
  switch (type.typeId as Type) {
    case Type.Bool:
      return ((data.values[at >> 3] >> (at & 7)) & 1) === 1;
    case Type.Int: {
      const value = Number(data.values[at]);
      return Number.isSafeInteger(value) ? value : (data.values[at] as bigint);
    }
    case Type.Float:
      return data.values[at];
    case Type.Date:
      return new Date(data.values[at] * 86_400_000).toISOString().slice(0, 10);
    case Type.Timestamp:
      return instant(data.values[at] as bigint, (type as Timestamp).timezone ? "Z" : "");
    case Type.Decimal:
      return decimal(data.values.subarray(at * 4, at * 4 + 4), (type as Decimal).scale);
    case Type.Utf8:
      return new TextDecoder().decode(bytesAt(data, at));
    case Type.Binary:
      return Uint8Array.from(bytesAt(data, at));
    case Type.Struct:
      return Object.fromEntries(type.children.map(({ name }, place) => [name, valueAt(data.children[place]!, at)]));
    case Type.List:
      return places(data, at).map((place) => valueAt(data.children[0]!, place));
    case Type.Map: {
      const [key, value] = data.children[0]!.children;
      return new Map(places(data, at).map((place) => [valueAt(key!, place), valueAt(value!, place)]));
    }
    default:
      throw new TypeError(`No value of ${String(type)}`);
  }
}

function bytesAt(data: Data, at: number): Uint8Array {
  return data.values.subarray(data.valueOffsets[at], data.valueOffsets[at + 1]);
}

function places({ valueOffsets }: Data, at: number): number[] {
  return Array.from({ length: valueOffsets[at + 1] - valueOffsets[at] }, (_, place) => valueOffsets[at] + place);
}

function instant(micros: bigint, zone: string): string {
  const rest = ((micros % 1000n) + 1000n) % 1000n;
  const millis = new Date(Number((micros - rest) / 1000n)).toISOString().slice(0, -1);
  return `${millis}${String(rest).padStart(3, "0")}${zone}`;
}

function decimal(words: Uint32Array, scale: number): string {
  const unsigned = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const value = BigInt.asIntN(128, unsigned);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const sign = value < 0n ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
