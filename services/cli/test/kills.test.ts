import { temporaryDirectory, seededRandom } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { expectClicksOnce, killWhilePosting } from "./support/kills.ts";
import { cinelake } from "./support/platform.ts";

const random = seededRandom(20_260);

test("50 kills, the first starts among them, leave a data directory that opens", async () => {
  await using directory = await temporaryDirectory();
  for (let kill = 0; kill < 50; kill++)
    await cinelake(directory.path, ["status"], { killAfterMs: 60 + random.int(500) });
  const status = await cinelake(directory.path, ["status", "--json"]);
  expect(status).toMatchObject({ exitCode: 0, stderr: "" });
}, 120_000);

test("kill -9 at random moments while events are posted: every acknowledged event is there once, in the log, in Bronze and in Silver", async () => {
  await using directory = await temporaryDirectory();
  const posted = await killWhilePosting(directory.path, { kills: 8, random });
  await expectClicksOnce(directory.path, posted);
}, 240_000);
