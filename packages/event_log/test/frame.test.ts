import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { LogRecord } from "../src/index.ts";
import { encodeFrame, encodeRecord, findFrame, frameAt, readRecords } from "../src/frame.ts";

const text = fc.string({ unit: "grapheme", maxLength: 10 });
const headers = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true });
const records = fc.array(fc.record({ key: text, value: fc.uint8Array({ maxLength: 30 }), headers }), {
  minLength: 1,
  maxLength: 5,
});
const source = { topic: "t", partition: 2 };

test("what is encoded is decoded, at any place and from any offset", () => {
  fc.assert(
    fc.property(
      records,
      fc.nat(2 ** 52),
      fc.nat(2 ** 40),
      fc.uint8Array({ maxLength: 40 }),
      (records, base, timestamp, before) => {
        const bytes = Buffer.concat([before, encodeFrame(base, timestamp, records.map(encodeRecord)), Buffer.alloc(3)]);
        const frame = frameAt(bytes, before.length);
        if (frame === "broken" || "needed" in frame) throw new Error("no frame");
        expect(frame).toEqual({ base, count: records.length, timestamp, length: bytes.length - before.length - 3 });
        expect(findFrame(bytes, 0, base)).toBe(before.length);
        for (let skip = 0; skip <= records.length; skip++) {
          const seen: LogRecord[] = [];
          readRecords(bytes, before.length, frame, source, base + skip, (record) => seen.push(record) > 0);
          const expected = records.slice(skip).map((record, index) => ({
            ...source,
            ...record,
            offset: base + skip + index,
            timestamp,
            value: Buffer.from(record.value),
          }));
          expect(seen).toEqual(expected);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("a frame with any byte changed is not taken for a whole one, and nothing that is no frame makes the reader fail", () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, change) => {
      const bytes = encodeFrame(7, 1, records.map(encodeRecord));
      bytes[place % bytes.length]! ^= change;
      const found = frameAt(bytes, 0);
      expect(found === "broken" || "needed" in found).toBe(true);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => frameAt(Buffer.from(noise), 0) !== undefined));
});
