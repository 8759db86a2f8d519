import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";

const LINES = [
  "bootstrap --dataset synthetic --users 40 --movies 150 --ratings 1500",
  "validate",
  "etl",
  "train",
  "trending",
  "events send --type click --user 1 --movie 2",
  "table history silver_ratings",
  "model list",
  "status",
];

test("--json prints one JSON object whose keys are snake_case at any depth, and nothing else", async () => {
  await using directory = await temporaryDirectory();
  const answers: Record<string, unknown> = {};
  for (const line of LINES) {
    const { exitCode, stdout, stderr } = await cinelake(directory.path, [...line.split(" "), "--json"]);
    expect([line, exitCode, stderr]).toEqual([line, 0, ""]);
    answers[line] = JSON.parse(stdout);
  }
  for (const [line, answer] of Object.entries(answers)) {
    expect([line, keysOf(answer).filter((key) => !/^[a-z][a-z0-9_@/]*$/.test(key))]).toEqual([line, []]);
  }
  const { model_version: modelVersion } = answers["train"] as { model_version: string };
  expect(answers["train"]).toMatchObject({ changed: true, users: 40, final: { changed: true } });
  expect(answers["model list"]).toMatchObject({
    serving: { model_version: modelVersion },
    runs: [{ name: modelVersion, status: "finished", metrics: { loss: expect.any(Number) } }],
  });
  expect(answers["status"]).toMatchObject({
    dataset: "synthetic",
    model: modelVersion,
    owner: { started_at: expect.any(String) },
  });
  expect(answers["table history silver_ratings"]).toMatchObject([{ version: 1 }, { version: 0 }]);
}, 60_000);

function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
