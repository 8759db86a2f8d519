import { join } from "node:path";
import { openCache } from "@cinelake/cache";
import { openEventLog } from "@cinelake/event_log";
import { temporaryDirectory } from "@cinelake/testkit";
import { test } from "vitest";
import { expectToWithstandAttacks } from "./support/attack.ts";

test("under load one user's thousand events bring nothing into the top twenty, and a burst of 200 users is there within two seconds", async () => {
  await using directory = await temporaryDirectory();
  await using log = await openEventLog(join(directory.path, "log"));
  await using cache = await openCache("memory:");
  await expectToWithstandAttacks(log, cache);
}, 60_000);
