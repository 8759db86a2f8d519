import { test } from "vitest";
import { playEmbedded } from "./support/stream_scenario/embedded.ts";

test("20,000 events through one process with the file log, which is killed at random and at each step: each is in its tables once", async () => {
  await playEmbedded({ count: 20_000, seconds: 20 });
}, 300_000);
