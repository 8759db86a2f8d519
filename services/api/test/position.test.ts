import * as fc from "fast-check";
import { EVENT_TOPICS } from "@cinelake/contracts";
import { expect, test } from "vitest";
import { decodePosition, encodePosition } from "../src/http/position.ts";
import { covers, planCoverage, reached } from "../src/state/coverage.ts";

const offsets = fc
  .dictionary(
    fc.tuple(fc.constantFrom(...EVENT_TOPICS), fc.nat(9)).map(([topic, at]) => `${topic}/${at}`),
    fc.nat(),
  )
  .map((entries) => new Map(Object.entries(entries)));

test("a position comes back as it was", () => {
  fc.assert(
    fc.property(offsets, (position) => {
      expect(decodePosition(encodePosition(position))).toEqual(position);
    }),
  );
});

test("any other text is refused with invalid_argument", () => {
  const json = fc.json().map((text) => Buffer.from(text).toString("base64url"));
  fc.assert(
    fc.property(fc.oneof(fc.string(), json), (text) => {
      try {
        const position = decodePosition(text);
        expect([...position.keys()].every((key) => /^events_[a-z]+\/\d+$/.test(key))).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid_argument" });
      }
    }),
  );
});

test("reading starts where the model ends; what the log has lost is a gap; every record after the model is in one of them", () => {
  const bounds = fc.record({ model: fc.option(fc.nat(50), { nil: undefined }), first: fc.nat(50), length: fc.nat(50) });
  fc.assert(
    fc.property(bounds, ({ model, first, length }) => {
      const at = { topic: "events_ratings", partition: 1 };
      const key = "events_ratings/1";
      const next = first + length;
      const plan = planCoverage(
        [at],
        { first: new Map([[key, first]]), next: new Map([[key, next]]) },
        model === undefined ? {} : { [key]: model },
      );
      const start = plan.start.get(key)!;
      expect(start).toBeGreaterThanOrEqual(first);
      expect(start).toBeLessThanOrEqual(next);
      const known = Math.min(model ?? 0, next);
      const missing = (plan.gaps[0]?.to ?? start) - (plan.gaps[0]?.from ?? start);
      expect(start - missing).toBe(known);
    }),
  );
});

test("a model that knows less than what has been read since needs the log again", () => {
  const start = new Map([["events_ratings/0", 10]]);
  expect(covers(start, { "events_ratings/0": 12 })).toBe(true);
  expect(covers(start, { "events_ratings/0": 9 })).toBe(false);
  expect(covers(new Map([["events_ratings/0", 0]]), {})).toBe(true);
});

test("a position is reached when every partition that is followed has been read up to it", () => {
  const read = new Map([["events_ratings/0", 5]]);
  expect(reached(read, new Map([["events_ratings/0", 5]]))).toBe(true);
  expect(reached(read, new Map([["events_ratings/0", 6]]))).toBe(false);
  expect(reached(read, new Map([["events_exposures/0", 600]]))).toBe(true);
});
