import { temporaryDirectory } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { cinelake } from "./support/platform.ts";

/** Nothing listens on port 1. */
const AWAY = [
  ["LOG_URL", "kafka://127.0.0.1:1"],
  ["METADATA_URL", "postgres://cinelake:s3cret@127.0.0.1:1/cinelake"],
] as const;

describe.each(AWAY)("%s leads to a server that is not there", (variable, url) => {
  test.each(["serve", "status"])(
    "%s ends with one line that names the server and the variable, no password",
    async (command) => {
      await using directory = await temporaryDirectory();
      const { exitCode, stdout, stderr } = await cinelake(directory.path, [command], {
        env: { [variable]: url, PORT: "0" },
      });
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
      expect(stderr.trim().split("\n")).toEqual([
        expect.stringMatching(/^cinelake: .*127\.0\.0\.1:1.*\[\w+_unavailable\]$/),
      ]);
      expect(stderr).toContain(variable);
      expect(stderr).not.toContain("s3cret");
    },
  );
});

test("a cache that is not there is no reason not to work", async () => {
  await using directory = await temporaryDirectory();
  const env = { CACHE_URL: "redis://127.0.0.1:1/1" };
  expect(await cinelake(directory.path, ["status"], { env })).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("cache     redis://127.0.0.1:1/1"),
    stderr: "",
  });
});
