import type { At, DataType, Predicate, StructType } from "@cinelake/delta";
import { UsageError } from "../arguments.ts";
import type { OptionSpec, OptionValues } from "../command.ts";

export const whereOption: OptionSpec = {
  type: "string",
  description:
    "`column>=value` (=, !=, <, <=, >, >=), `column in a,b`, `column contains text`, `column is null`, `column is not null`",
  multiple: true,
};

export const atOptions: Readonly<Record<string, OptionSpec>> = {
  version: { type: "integer", description: "the table as of this version" },
  timestamp: { type: "string", description: "the table as of this time, ISO 8601 (UTC where it has no zone)" },
};

/** What --version and --timestamp ask for; undefined if neither is given. */
export function atOf({ version, timestamp }: OptionValues): At | undefined {
  if (version !== undefined && timestamp !== undefined) throw new UsageError("give --version or --timestamp, not both");
  if (version !== undefined) return { version: version as number };
  if (timestamp === undefined) return undefined;
  const time = timeOf(String(timestamp));
  if (time === undefined)
    throw new UsageError(`--timestamp takes a time such as 2026-01-31T12:00:00Z, not ${String(timestamp)}`);
  return { timestamp: time };
}

/** Milliseconds since the epoch of a time in ISO 8601, UTC where it has no zone; undefined for anything else. */
export function timeOf(text: string): number | undefined {
  const isZoned = /(z|[+-]\d\d:?\d\d)$/i.test(text);
  const time = Date.parse(isZoned || !/\d\d:\d\d/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) || !/^\d{4}-\d\d-\d\d/.test(text) ? undefined : time;
}

/** `a,b` as names; undefined if the option is not given. */
export function namesOf(value: unknown): string[] | undefined {
  return typeof value === "string" ? value.split(",").map((name) => name.trim()) : undefined;
}

/** The predicates that --where options say, their values typed by the table's columns. */
export function predicatesOf(options: OptionValues, schema: StructType): Predicate[] {
  const given = (options.where ?? []) as readonly string[];
  return given.map((text) => predicateOf(text.trim(), schema));
}

function predicateOf(text: string, { fields }: StructType): Predicate {
  // The longest name first: a name may begin with another, and hold spaces and operators.
  const named = fields.filter(({ name }) => text.startsWith(name)).sort((a, b) => b.name.length - a.name.length);
  for (const { name, type } of named) {
    const rest = text.slice(name.length).trim();
    if (/^is null$/i.test(rest)) return { column: name, op: "is null" };
    if (/^is not null$/i.test(rest)) return { column: name, op: "is not null" };
    const list = /^in\s+(.*)$/is.exec(rest);
    if (list) return { column: name, op: "in", value: itemsOf(list[1]!).map((item) => valueOf(item, type, name)) };
    const contained = /^contains\s+(.*)$/is.exec(rest);
    if (contained && type === "string")
      return { column: name, op: "contains", value: String(valueOf(contained[1]!, type, name)) };
    const compared = /^(!=|<=|>=|=|<|>)(.*)$/s.exec(rest);
    if (!compared) continue;
    return { column: name, op: compared[1] as "=", value: valueOf(compared[2]!, type, name) };
  }
  const names = fields.map(({ name }) => name).join(", ");
  throw new UsageError(
    `--where ${text}: give column>=value, column in a,b, column contains text (of text) or column is null; the columns are ${names}`,
  );
}

/** `a, 'b,c'`: a comma between single quotes is no end. */
function itemsOf(text: string): string[] {
  return text.match(/(?:'(?:[^']|'')*'|[^',])+/g) ?? [];
}

/** A value as `Row` has it for the type; text in single quotes is taken without them. */
function valueOf(given: string, type: DataType, column: string): unknown {
  const trimmed = given.trim();
  const text = /^'.*'$/s.test(trimmed) ? trimmed.slice(1, -1).replaceAll("''", "'") : trimmed;
  const wrong = (what: string): UsageError => new UsageError(`--where: ${column} is ${what}, which ${text} is not`);
  switch (type) {
    case "byte":
    case "short":
    case "integer":
    case "long": {
      if (!/^[+-]?\d+$/.test(text)) throw wrong("a whole number");
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : BigInt(text);
    }
    case "float":
    case "double":
      if (text === "" || (text !== "NaN" && Number.isNaN(Number(text)))) throw wrong("a number");
      return Number(text);
    case "boolean":
      if (!/^(true|false)$/i.test(text)) throw wrong("true or false");
      return text.toLowerCase() === "true";
    default:
      return text;
  }
}
