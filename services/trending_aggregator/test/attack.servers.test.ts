import { openCache } from "@cinelake/cache";
import { openEventLog } from "@cinelake/event_log";
import { startKafkaBroker, startRedisServer } from "@cinelake/testkit";
import { test } from "vitest";
import { expectToWithstandAttacks } from "./support/attack.ts";

test("on Kafka and Redis, under load, one user's thousand events bring nothing into the top twenty, and a burst of 200 users is there within two seconds", async () => {
  await using kafka = await startKafkaBroker();
  await using redis = await startRedisServer();
  await using log = await openEventLog(kafka.url);
  await using cache = await openCache(redis.url());
  await expectToWithstandAttacks(log, cache);
}, 120_000);
