import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareUtf8 } from "../src/keys.ts";

test("compareUtf8 orders as the UTF-8 bytes do", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "/", ".", "\u00e9", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"),
    maxLength: 4,
  });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
