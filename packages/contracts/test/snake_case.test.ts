import { expect, test } from "vitest";
import { snakeCase, withSnakeCaseKeys } from "../src/index.ts";

test.each([
  ["modelVersion", "model_version"],
  ["numOutputRows", "num_output_rows"],
  ["topKPerUser", "top_k_per_user"],
  ["l2Weight", "l2_weight"],
  ["ndcg@10", "ndcg@10"],
  ["event_id", "event_id"],
])("%s is %s in JSON", (name, expected) => {
  expect(snakeCase(name)).toBe(expected);
});

test("keys at any depth change, values and order stay", () => {
  const value = { runId: "aB", rows: [{ userId: 1, at: null }, "cD"], details: { "hr@10": 0.5 } };
  expect(JSON.stringify(withSnakeCaseKeys(value))).toBe(
    '{"run_id":"aB","rows":[{"user_id":1,"at":null},"cD"],"details":{"hr@10":0.5}}',
  );
});
