import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { EVENT_SCHEMAS, type CinelakeEvent } from "./generated/events.ts";
import { parseRfc3339 } from "./instants.ts";
import { EVENT_TYPES, TOPICS, type EventType } from "./topics.ts";

export type EventValidation =
  | { readonly ok: true; readonly event: CinelakeEvent; readonly eventTsMs: number }
  | { readonly ok: false; readonly reason: string; readonly field?: string };

export interface ValidateEventOptions {
  /** The type that the topic asks for; without it the event's own type counts. */
  readonly type?: EventType;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** First instant an event may have: 1995-01-01T00:00:00Z, in milliseconds. */
export const MIN_EVENT_TS = Date.UTC(1995, 0, 1);
/** How far ahead of the receiver's clock an event may be, in milliseconds. */
export const MAX_CLOCK_SKEW = 5 * 60_000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const FORMATS: Readonly<Record<string, string>> = {
  uuid: "a UUID such as 0f8fad5b-d9cb-469f-a165-70867728950e",
  "date-time": "a date and time with an offset that the calendar has, such as 2026-01-31T18:00:00Z (RFC 3339)",
};

/** Schemas are checked against their own schema by a test: doing it here would triple the time to load. */
const ajv = new Ajv({ ownProperties: true, allowUnionTypes: true, meta: false, validateSchema: false });
ajv.addFormat("uuid", UUID);
ajv.addFormat("date-time", { type: "string", validate: (text) => parseRfc3339(text) !== undefined });
const validators = Object.fromEntries(EVENT_TYPES.map((type) => [type, ajv.compile(EVENT_SCHEMAS[type])])) as Readonly<
  Record<EventType, ValidateFunction>
>;

/** Names of the fields that each type's schema knows. */
const FIELDS = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, Object.keys(EVENT_SCHEMAS[type].properties)]),
) as unknown as Readonly<Record<EventType, readonly string[]>>;

/**
 * Checks a parsed event against its JSON Schema and what JSON Schema cannot say: `event_ts` lies between 1995-01-01 and
 * `now` + 5 minutes, known texts are well-formed Unicode. The event comes back with `event_id` and `request_id` in lower case,
 * otherwise as sent, unknown fields included; `eventTsMs` is its instant in milliseconds. `reason` is one line for a person.
 * Never throws, whatever `value` is.
 */
export function validateEvent(value: unknown, options: ValidateEventOptions): EventValidation {
  try {
    return validate(value, options);
  } catch {
    return { ok: false, reason: "the event cannot be read" };
  }
}

function validate(value: unknown, { type: wanted, now }: ValidateEventOptions): EventValidation {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, reason: "an event must be a JSON object" };
  }
  const type = Object.hasOwn(value, "event_type") ? (value as { event_type: unknown }).event_type : undefined;
  if (type === undefined) return refuse("event_type", "is missing");
  if (!isEventType(type)) return refuse("event_type", `must be one of ${EVENT_TYPES.join(", ")}`);
  if (wanted !== undefined && type !== wanted)
    return refuse("event_type", `must be ${wanted} on topic ${TOPICS[wanted]}`);
  const validator = validators[type];
  if (!validator(value)) return refuseBySchema(validator.errors?.[0]);
  const event = normalised(value as CinelakeEvent);
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const broken = FIELDS[type].find((name) => isBroken(fields[name]));
  if (broken !== undefined) return refuse(broken, "must be well-formed Unicode text");
  const eventTsMs = parseRfc3339(event.event_ts) as number;
  if (eventTsMs < MIN_EVENT_TS) return refuse("event_ts", "must not be before 1995-01-01T00:00:00Z");
  if (eventTsMs > now + MAX_CLOCK_SKEW) return refuse("event_ts", "must not be more than 5 minutes in the future");
  return { ok: true, event, eventTsMs };
}

/** The same object if its identifiers are in lower case already. */
function normalised(event: CinelakeEvent): CinelakeEvent {
  const event_id = event.event_id.toLowerCase();
  const lower = event_id === event.event_id ? event : { ...event, event_id };
  if (lower.event_type !== "exposure") return lower;
  const request_id = lower.request_id.toLowerCase();
  return request_id === lower.request_id ? lower : { ...lower, request_id };
}

function isEventType(value: unknown): value is EventType {
  return typeof value === "string" && Object.hasOwn(TOPICS, value);
}

function isBroken(value: unknown): boolean {
  return typeof value === "string" && !value.isWellFormed();
}

function refuse(field: string, problem: string): EventValidation {
  return { ok: false, reason: `${field} ${problem}`, field };
}

function refuseBySchema(error: ErrorObject | undefined): EventValidation {
  if (!error) return { ok: false, reason: "the event does not fit its schema" };
  const { keyword, params } = error;
  if (keyword === "required") return refuse(String(params["missingProperty"]), "is missing");
  const field = error.instancePath.slice(1);
  if (keyword === "type") return refuse(field, `must be ${typeText(params["type"])}`);
  if (keyword === "format") return refuse(field, `must be ${FORMATS[String(params["format"])]}`);
  if (keyword === "maxLength") return refuse(field, `must have at most ${params["limit"]} characters`);
  return refuse(field, error.message ?? "is not valid");
}

function typeText(type: unknown): string {
  const names: Record<string, string> = { integer: "an integer", string: "a string", number: "a number", null: "null" };
  return [type]
    .flat()
    .map((name) => names[String(name)] ?? String(name))
    .join(" or ");
}
