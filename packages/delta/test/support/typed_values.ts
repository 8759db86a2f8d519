import * as fc from "fast-check";
import type { DataType } from "@cinelake/delta";

const PRIMITIVES =
  "byte short integer long float double string binary boolean date timestamp timestamp_ntz decimal(3,1) decimal(9,2) decimal(18,4) decimal(38,10) decimal(5,0)".split(
    " ",
  );

/** A random Delta type, nested at most twice. */
export const dataType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, depthSize: "small" },
    fc.constantFrom<DataType>(...PRIMITIVES),
    fc.record({ type: fc.constant("array" as const), elementType: tie("type"), containsNull: fc.constant(true) }),
    fc.record({
      type: fc.constant("map" as const),
      keyType: fc.constantFrom("string", "integer"),
      valueType: tie("type"),
      valueContainsNull: fc.constant(true),
    }),
    fc.array(tie("type"), { minLength: 1, maxLength: 3 }).map((types) => ({
      type: "struct" as const,
      fields: types.map((type, place) => ({ name: `f${place}`, type, nullable: true, metadata: {} })),
    })),
  ),
})).type;

/** A value of a type as `Row` says, or null. */
export function valueOf(type: DataType): fc.Arbitrary<unknown> {
  return fc.option(notNull(type), { freq: 4 });
}

function notNull(type: DataType): fc.Arbitrary<unknown> {
  if (typeof type === "string") return primitive(type);
  if (type.type === "array") return fc.array(valueOf(type.elementType), { maxLength: 4 });
  if (type.type === "struct") {
    return fc.record(Object.fromEntries(type.fields.map((field) => [field.name, valueOf(field.type)])));
  }
  const entry = fc.tuple(notNull(type.keyType), valueOf(type.valueType));
  return fc.uniqueArray(entry, { maxLength: 3, selector: ([key]) => key }).map((entries) => new Map(entries));
}

function primitive(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case "byte":
      return fc.integer({ min: -128, max: 127 });
    case "short":
      return fc.integer({ min: -32768, max: 32767 });
    case "integer":
      return fc.integer();
    case "long":
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => {
        const number = Number(value);
        return Number.isSafeInteger(number) ? number : value;
      });
    case "float":
      return fc.float();
    case "double":
      return fc.double();
    case "boolean":
      return fc.boolean();
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 20 });
    case "binary":
      return fc.uint8Array({ maxLength: 20 });
    case "date":
      return millis.map((time) => new Date(time).toISOString().slice(0, 10));
    case "timestamp":
      return micros.map((text) => `${text}Z`);
    case "timestamp_ntz":
      return micros;
    default:
      return decimal(type);
  }
}

const millis = fc.integer({ min: Date.UTC(1000), max: Date.UTC(9999) });
const micros = fc
  .tuple(millis, fc.integer({ min: 0, max: 999 }))
  .map(([time, rest]) => new Date(time).toISOString().slice(0, -1) + String(rest).padStart(3, "0"));

function decimal(type: string): fc.Arbitrary<string> {
  const [precision, scale] = Array.from(type.matchAll(/\d+/g), Number) as [number, number];
  const limit = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -limit, max: limit }).map((units) => {
    const digits = String(units < 0n ? -units : units).padStart(scale + 1, "0");
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return units < 0n ? `-${text}` : text;
  });
}
