import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { acquireOwnership, readOwner } from "../src/ownership.ts";

const program = new URL("fixtures/hold_ownership.ts", import.meta.url).pathname;

async function holder(directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, directory], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout!, "data");
  return child;
}

test("a second process is refused while the first lives, and told who it is", async () => {
  await using directory = await temporaryDirectory();
  const child = await holder(directory.path);
  await expect(acquireOwnership(directory.path)).rejects.toMatchObject({
    code: "data_dir_in_use",
    message: expect.stringContaining(String(child.pid)),
  });
  expect(readOwner(directory.path)?.pid).toBe(child.pid);
  child.kill("SIGKILL");
  await once(child, "exit");
  await using taken = await acquireOwnership(directory.path);
  expect(taken.owner.pid).toBe(process.pid);
});

test("a released directory is free again, also within one process", async () => {
  await using directory = await temporaryDirectory();
  const first = await acquireOwnership(directory.path);
  await expect(acquireOwnership(directory.path)).rejects.toMatchObject({ code: "data_dir_in_use" });
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const second = await acquireOwnership(directory.path);
  await second[Symbol.asyncDispose]();
  expect(readOwner(directory.path)).toBeUndefined();
});
