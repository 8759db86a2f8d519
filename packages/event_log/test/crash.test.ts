import { temporaryDirectory } from "@cinelake/testkit";
import { test } from "vitest";
import { expectRecordsToSurviveKills } from "./kills.ts";

test(
  "every acknowledged record survives fifteen kills, once, in order and at its offset",
  { timeout: 120_000 },
  async () => {
    await using folder = await temporaryDirectory();
    await expectRecordsToSurviveKills(folder.path, 15);
  },
);
