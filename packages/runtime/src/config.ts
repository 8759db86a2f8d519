import { CinelakeError } from "@cinelake/contracts";
import { z } from "zod";

/** One variable of a service's configuration, as documentation shows it. */
export interface ConfigVariable {
  /** UPPER_SNAKE, in the environment and in files. */
  readonly name: string;
  /** For people: `text`, `integer 1..500`, `a | b`. */
  readonly type: string;
  /** As one would write it; undefined if the variable must be set. */
  readonly default: string | undefined;
  readonly description: string;
}

/** Keys are camelCase (`httpPort` is read from HTTP_PORT); values are texts, numbers, booleans, enums or lists (comma-separated). */
export type ConfigSchema = z.ZodObject;

export interface ConfigSources<S extends ConfigSchema> {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What holds where `env` is silent, before the schema's own defaults. */
  readonly defaults?: Partial<z.input<S>>;
}

/**
 * Reads a configuration. An empty variable counts as absent. Fails with one `config_invalid` whose message lists every problem by the
 * variable's name and never shows a text value, as it may be a secret.
 */
export function loadConfig<S extends ConfigSchema>(schema: S, { env, defaults = {} }: ConfigSources<S>): z.output<S> {
  const properties = propertiesOf(schema);
  const input: Record<string, unknown> = { ...defaults };
  for (const [key, property] of Object.entries(properties)) {
    const text = env[envName(key)]?.trim();
    if (text) input[key] = valueOf(text, property);
  }
  const result = schema.safeParse(input);
  if (result.success) return result.data as z.output<S>;
  const problems = result.error.issues.map((issue) => problemText(issue, properties, input));
  throw new CinelakeError("config_invalid", `Configuration is not valid: ${problems.join("; ")}`, {
    details: { problems },
  });
}

/** The variables that loadConfig reads for a schema, in the schema's order. */
export function configVariables(schema: ConfigSchema): ConfigVariable[] {
  return Object.entries(propertiesOf(schema)).map(([key, property]) => ({
    name: envName(key),
    type: typeText(property),
    default:
      property.default === undefined
        ? schema.shape[key]?.safeParse(undefined).success
          ? ""
          : undefined
        : valueText(property.default),
    description: property.description ?? "",
  }));
}

/** `httpPort` and `http_port` are HTTP_PORT in the environment. */
export function envName(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Property;
  readonly anyOf?: readonly Property[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

function propertiesOf(schema: ConfigSchema): Readonly<Record<string, Property>> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return (json.properties ?? {}) as Record<string, Property>;
}

function valueOf(text: string, { type, items }: Property): unknown {
  if (type === "array") return text.split(",").map((item) => valueOf(item.trim(), items ?? {}));
  if (type === "number" || type === "integer")
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  if (type !== "boolean") return text;
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : text;
}

function problemText(
  issue: z.core.$ZodIssue,
  properties: Readonly<Record<string, Property>>,
  input: Readonly<Record<string, unknown>>,
): string {
  const key = String(issue.path[0] ?? "");
  const { description = "", ...property } = properties[key] ?? {};
  const name = envName(key);
  if (issue.code === "custom") return key ? `${name} ${issue.message}` : issue.message;
  if (input[key] === undefined) return `${name} must be set${description && ` (${description})`}`;
  const type = typeText(property);
  if (type !== "text") return `${name} must be ${type}`;
  if (issue.code === "too_small") return `${name} must have at least ${issue.minimum} characters`;
  if (issue.code === "too_big") return `${name} must have at most ${issue.maximum} characters`;
  return `${name}: ${issue.message}`;
}

function typeText({ type, enum: values, items, minimum, maximum, exclusiveMinimum }: Property): string {
  if (values) return values.join(" | ");
  if (type === "array") return `list of ${typeText(items ?? {})}`;
  if (type === "boolean") return "true | false";
  if (type !== "integer" && type !== "number") return "text";
  const low = exclusiveMinimum === undefined ? limit(minimum) : `above ${exclusiveMinimum}`;
  const high = limit(maximum);
  if (low && high)
    return exclusiveMinimum === undefined ? `${type} ${low}..${high}` : `${type} ${low}, at most ${high}`;
  return [type, low && (exclusiveMinimum === undefined ? `from ${low}` : low), high && `up to ${high}`]
    .filter(Boolean)
    .join(" ");
}

/** Zod's safe-integer limits say nothing to a person. */
function limit(value: number | undefined): string {
  return value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? "" : String(value);
}

function valueText(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value);
}
