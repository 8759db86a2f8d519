import { sparingly } from "@cinelake/runtime";
import { expect, test } from "vitest";

test("the same trouble is told once a minute, another one at once", () => {
  let now = 0;
  const told: string[] = [];
  const tell = sparingly(
    (error) => told.push(`${now / 1000}: ${error instanceof Error ? error.message : String(error)}`),
    () => now,
  );
  for (; now < 130_000; now += 1_000) tell(new Error(now < 90_000 ? "the database is away" : "the model is damaged"));
  tell("a word");
  expect(told).toEqual([
    "0: the database is away",
    "60: the database is away",
    "90: the model is damaged",
    "130: a word",
  ]);
});
