import type { DataType, Row } from "@cinelake/delta";
import { struct } from "../../support/tables.ts";

const list = (elementType: DataType): DataType => ({ type: "array", elementType, containsNull: true });
const map = (keyType: DataType, valueType: DataType): DataType => ({
  type: "map",
  keyType,
  valueType,
  valueContainsNull: true,
});

/** Every primitive type. */
export const primitiveSchema = struct({
  id: "long",
  b: "byte",
  s: "short",
  i: "integer",
  l: "long",
  f: "float",
  d: "double",
  bool: "boolean",
  text: "string",
  bytes: "binary",
  day: "date",
  at: "timestamp",
  small: "decimal(4,2)",
  middle: "decimal(18,9)",
  wide: "decimal(38,10)",
  whole: "decimal(38,0)",
});

const long = "ä".repeat(31);

/** For every primitive type its least and greatest value, what lies beside, and what statistics cut or leave out. */
export const primitiveRows: readonly Row[] = [
  {
    b: -128,
    s: -32_768,
    i: -2_147_483_648,
    l: -9_223_372_036_854_775_808n,
    f: -3.4028234663852886e38,
    d: -Number.MAX_VALUE,
    bool: false,
    text: "",
    bytes: Uint8Array.of(),
    day: "1900-01-01",
    at: "1900-01-01T00:00:00.000000Z",
    small: "-99.99",
    middle: "-999999999.999999999",
    wide: `-${"9".repeat(28)}.${"9".repeat(10)}`,
    whole: `-${"9".repeat(38)}`,
  },
  {
    b: 127,
    s: 32_767,
    i: 2_147_483_647,
    l: 9_223_372_036_854_775_807n,
    f: 3.4028234663852886e38,
    d: Number.MAX_VALUE,
    bool: true,
    text: "\u{10ffff}".repeat(40),
    bytes: Uint8Array.of(0xff, 0x00, 0xff),
    day: "2261-12-31",
    at: "2261-12-31T23:59:59.999999Z",
    small: "99.99",
    middle: "999999999.999999999",
    wide: `${"9".repeat(28)}.${"9".repeat(10)}`,
    whole: "9".repeat(38),
  },
  { b: 0, s: 0, i: 0, l: 0, f: -0, d: -0, text: `${long}\u{1f600}\u{1f600}b`, day: "1970-01-01", small: "0.00" },
  { l: 9_007_199_254_740_993n, f: NaN, d: NaN, text: `${long}\u{1f600}\u{1f600}a`, at: "1970-01-01T00:00:00.000001Z" },
  { l: -9_007_199_254_740_993n, f: Infinity, d: Infinity, text: `${long}z`, at: "1969-12-31T23:59:59.999999Z" },
  {
    f: -Infinity,
    d: -Infinity,
    text: `${"~".repeat(32)}\u{7f}x`,
    at: "2026-03-29T01:59:59.123456Z",
    wide: "0.0000000001",
  },
  { f: 1.401298464324817e-45, d: 5e-324, text: "'\"`\\\n\t\u0000\u2028%_", whole: "-1", middle: "0.000000001" },
  {},
].map((row, id) => ({ id, ...row }));

export const nestedSchema = struct({
  numbers: list("integer"),
  lists: list(list("string")),
  names: map("string", "decimal(10,2)"),
  point: struct({ x: "double", inner: struct({ at: "timestamp", text: "string" }) }),
  points: list(struct({ x: "double", tags: list("string") })),
});

export const nestedRows: readonly Row[] = [
  {
    numbers: [1, null, -3],
    lists: [["a", null], [], ["\u{1f600}"]],
    names: new Map([
      ["b", "1.50"],
      ["a", null],
      ["", "-0.01"],
    ]),
    point: { x: -0, inner: { at: "2026-01-31T12:00:00.000001Z", text: "t".repeat(40) } },
    points: [
      { x: 1.5, tags: ["p", null] },
      { x: null, tags: [] },
    ],
  },
  { numbers: [], lists: [], names: new Map(), point: { x: null, inner: { at: null, text: null } }, points: [] },
  { numbers: null, lists: [null], names: null, point: { x: 1, inner: null }, points: [null] },
  {},
];

export const partitionTexts: readonly (string | null)[] = [
  null,
  "",
  "plain",
  "a b",
  "50%",
  "%20",
  "a/b",
  "k=v",
  "ünïcödé",
  "\u{1f600}",
  "a:b*c?d\"e'f\\g",
  "{x}[y]#z&+",
  "__HIVE_DEFAULT_PARTITION__",
  ".",
  " end ",
];
