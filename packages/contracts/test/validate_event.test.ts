import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_SCHEMAS, EVENT_TYPES, TOPICS, validateEvent, type EventType } from "@cinelake/contracts";

const now = Date.UTC(2026, 5, 1);
const examples: Readonly<Record<EventType, Record<string, unknown>>> = {
  view: EVENT_SCHEMAS.view.examples[0],
  click: EVENT_SCHEMAS.click.examples[0],
  rating: EVENT_SCHEMAS.rating.examples[0],
  exposure: EVENT_SCHEMAS.exposure.examples[0],
};
const check = (value: unknown, type?: EventType) => validateEvent(value, type ? { type, now } : { now });
const reasonOf = (value: unknown) => {
  const result = check(value);
  return result.ok ? undefined : result.reason;
};

test.each(EVENT_TYPES)("the schema's example of a %s is valid on its topic and on no other", (type) => {
  expect(check(examples[type], type)).toEqual({
    ok: true,
    event: examples[type],
    eventTsMs: Date.parse(String(examples[type].event_ts)),
  });
  for (const other of EVENT_TYPES.filter((each) => each !== type)) {
    expect(check(examples[type], other)).toEqual({
      ok: false,
      field: "event_type",
      reason: `event_type must be ${other} on topic ${TOPICS[other]}`,
    });
  }
});

test.each(EVENT_TYPES)(
  "the schema of a %s is valid JSON Schema, with nothing in it that a validator would ignore",
  (type) => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { uuid: true, "date-time": true } });
    expect(ajv.validateSchema(EVENT_SCHEMAS[type])).toBe(true);
    expect(() => ajv.compile(EVENT_SCHEMAS[type])).not.toThrow();
  },
);

test("every event shown in docs/events.md is valid", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/events.md"), "utf8");
  const shown = [...page.matchAll(/```json\n(.*?)```|-d '(.*?)'/gs)].map((match) => match[1] ?? match[2] ?? "");
  expect(shown.length).toBeGreaterThanOrEqual(5);
  for (const text of shown) expect(check(JSON.parse(text))).toMatchObject({ ok: true });
});

describe.each(EVENT_TYPES)("%s", (type) => {
  const { properties, required } = EVENT_SCHEMAS[type] as {
    properties: Record<
      string,
      { type?: string | readonly string[]; maxLength?: number; minimum?: number; maximum?: number }
    >;
    required: readonly string[];
  };

  test.each(required)("%s missing is refused by name, even if a prototype has it", (field) => {
    const { [field]: value, ...rest } = examples[type];
    expect(check(rest)).toEqual({ ok: false, field, reason: `${field} is missing` });
    expect(check(Object.assign(Object.create({ [field]: value }) as object, rest))).toMatchObject({ ok: false });
  });

  test.each(Object.keys(properties))("%s of another type is refused by name", (field) => {
    const nullable = [properties[field]?.type].flat().includes("null");
    for (const wrong of [true, [], {}, [examples[type][field]], ...(nullable ? [] : [null])]) {
      expect(check({ ...examples[type], [field]: wrong })).toMatchObject({ ok: false, field });
    }
    const opposite = [properties[field]?.type].flat().includes("integer") || field === "rating" ? "5" : 5;
    expect(check({ ...examples[type], [field]: opposite })).toMatchObject({ ok: false, field });
  });

  test.each(Object.entries(properties).filter(([, field]) => field.maxLength))(
    "%s keeps to its length",
    (field, { maxLength = 0 }) => {
      expect(check({ ...examples[type], [field]: "x".repeat(maxLength + 1) })).toMatchObject({ ok: false, field });
      if (field !== "event_ts") {
        expect(check({ ...examples[type], [field]: "🎬".repeat(maxLength) })).toMatchObject({ ok: true });
        expect(reasonOf({ ...examples[type], [field]: "a\ud83c" })).toBe(`${field} must be well-formed Unicode text`);
      }
    },
  );

  test.each(Object.entries(properties).filter(([, field]) => field.minimum))(
    "%s keeps to its range",
    (field, { minimum = 0, maximum = 0 }) => {
      for (const good of [minimum, maximum])
        expect(check({ ...examples[type], [field]: good })).toMatchObject({ ok: true });
      for (const bad of [minimum - 1, -minimum, 0, maximum + 1, maximum * 2, Infinity, Number.NaN]) {
        expect(check({ ...examples[type], [field]: bad })).toMatchObject({ ok: false, field });
      }
    },
  );
});

test("event_ts must be an instant between 1995 and five minutes from now", () => {
  const at = (event_ts: string) => reasonOf({ ...examples.view, event_ts });
  expect(at("1995-01-01T00:00:00Z")).toBeUndefined();
  expect(at("1994-12-31T23:59:59.999Z")).toMatch(/^event_ts must not be before 1995/);
  expect(at("1995-01-01T00:30:00+01:00")).toMatch(/^event_ts must not be before 1995/);
  expect(at("2026-06-01T00:05:00Z")).toBeUndefined();
  expect(at("2026-06-01T02:05:00+02:00")).toBeUndefined();
  expect(at("2026-06-01T00:05:00.001Z")).toMatch(/^event_ts must not be more than 5 minutes in the future/);
  for (const text of ["2025-02-30T00:00:00Z", "2025-02-03T00:00:00", "2025-02-03", "yesterday", "", "1769882400"]) {
    expect(at(text)).toMatch(/^event_ts must be a date and time with an offset/);
  }
});

test("reasons are one line for a person", () => {
  expect(reasonOf({ ...examples.rating, rating: 0.4 })).toBe("rating must be >= 0.5");
  expect(reasonOf({ ...examples.rating, rating: "5" })).toBe("rating must be a number");
  expect(reasonOf({ ...examples.rating, user_id: 1.5 })).toBe("user_id must be an integer");
  expect(reasonOf({ ...examples.rating, user_id: 2 ** 53 })).toBe("user_id must be <= 9007199254740991");
  expect(reasonOf({ ...examples.rating, review_text: "x".repeat(5001) })).toBe(
    "review_text must have at most 5000 characters",
  );
  expect(reasonOf({ ...examples.exposure, model_version: 1 })).toBe("model_version must be a string or null");
  expect(reasonOf({ ...examples.view, event_id: "urn:uuid:0b1c6f7e-4a64-4f0e-9c7e-2f1f6c1d9a01" })).toMatch(
    /^event_id must be a UUID/,
  );
  expect(reasonOf({ ...examples.view, event_type: "toString" })).toBe(
    "event_type must be one of view, click, rating, exposure",
  );
  for (const value of [null, undefined, 1, "{}", [], [examples.view], () => examples.view]) {
    expect(reasonOf(value)).toBe("an event must be a JSON object");
  }
});

test("ids of events come back in lower case, everything else as it was, and the input is left alone", () => {
  const sent = Object.freeze({
    ...examples.exposure,
    event_id: "9D2E4B60-1C7F-4B8E-A6D5-7C3E2F1A8B04",
    request_id: "E7A90C34-5B2D-4D1F-8F60-1A2B3C4D5E05",
    extra: { deep: ["kept"] },
  });
  expect(check(sent)).toMatchObject({
    ok: true,
    event: { ...sent, event_id: sent.event_id.toLowerCase(), request_id: sent.request_id.toLowerCase() },
  });
  expect(sent.event_id).toBe("9D2E4B60-1C7F-4B8E-A6D5-7C3E2F1A8B04");
});

test("a field called __proto__ is an unknown field like any other", () => {
  const text = JSON.stringify(examples.view).replace(
    "{",
    '{"__proto__":{"movie_id":1,"polluted":true},"constructor":1,',
  );
  const result = check(JSON.parse(text));
  expect(result.ok && Object.getPrototypeOf(result.event)).toBe(Object.prototype);
  expect(result.ok && JSON.parse(JSON.stringify(result.event))).toEqual(JSON.parse(text));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  const { movie_id: _, ...withoutFilm } = examples.view;
  expect(reasonOf(JSON.parse(JSON.stringify(withoutFilm).replace("{", '{"__proto__":{"movie_id":1},')))).toBe(
    "movie_id is missing",
  );
});

test("never throws, whatever comes in", () => {
  const hostile = new Proxy(examples.view, {
    get: () => {
      throw new Error("no");
    },
  });
  expect(check(hostile)).toEqual({ ok: false, reason: "the event cannot be read" });
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), (value) => {
      expect(check(value)).toMatchObject({ ok: false, reason: expect.stringMatching(/^[^\n]+$/) });
    }),
  );
});

test("any one field replaced by anything: valid or refused with one line, and valid events stay valid", () => {
  const type = fc.constantFrom(...EVENT_TYPES);
  fc.assert(
    fc.property(type, fc.nat(), fc.anything(), (type, index, value) => {
      const fields = Object.keys(EVENT_SCHEMAS[type].properties);
      const field = fields[index % fields.length] as string;
      const result = check({ ...examples[type], [field]: value });
      if (!result.ok) expect(result).toEqual({ ok: false, field, reason: expect.stringMatching(/^[^\n]+$/) });
      else expect(check(result.event)).toEqual(result);
    }),
  );
});

test("events made by the schema's rules are valid, with any unknown fields", () => {
  const event = fc.record({
    event_id: fc.uuid(),
    event_ts: fc
      .date({ min: new Date("1995-01-01"), max: new Date(now), noInvalidDate: true })
      .map((date) => date.toISOString()),
    user_id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    movie_id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    rating: fc.double({ min: 0.5, max: 5, noNaN: true }),
    review_text: fc.string({ unit: "grapheme", maxLength: 100 }),
  });
  fc.assert(
    fc.property(
      event,
      fc.dictionary(
        fc.string().map((name) => `x_${name}`),
        fc.jsonValue(),
      ),
      (event, unknown) => {
        const sent = { ...unknown, ...event, event_type: "rating" };
        expect(check(sent, "rating")).toEqual({ ok: true, event: sent, eventTsMs: Date.parse(event.event_ts) });
      },
    ),
  );
});
