import * as fc from "fast-check";
import { expect, test } from "vitest";
import { murmur2, partitionOf } from "../src/partitioner.ts";

test("murmur2 gives the values that Kafka's own tests expect", () => {
  const expected = {
    "21": -973932308,
    foobar: -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(expected)) expect(murmur2(Buffer.from(key)), key).toBe(hash);
});

test("every key has a partition, and user ids spread evenly", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 1000 }),
      (key, n) => partitionOf(key, n) >= 0 && partitionOf(key, n) < n,
    ),
  );
  const counts = [0, 0, 0];
  for (let user = 1; user <= 30_000; user++) counts[partitionOf(String(user), 3)]!++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});
