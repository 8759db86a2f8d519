import * as fs from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { openObjectStore } from "../src/index.ts";
import { isLeftOver } from "../src/staging.ts";

test("opening a store removes staging folders of dead processes and keeps those in use", async () => {
  await using folder = await temporaryDirectory();
  await using first = await openObjectStore(folder.path);
  await using inUse = await first.stagingDirectory();
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const left = join(dirname(inUse.path), basename(inUse.path).replace(`~${process.pid}~`, `~${dead}~`));
  await fs.mkdir(join(left, "sub"), { recursive: true });
  await using _second = await openObjectStore(folder.path);
  expect(await fs.readdir(dirname(inUse.path))).toEqual([basename(inUse.path)]);
  await fs.writeFile(join(inUse.path, "file"), "still here");
});

test("a staging folder is left over when its process is gone, or after a day without change", () => {
  const now = Date.now();
  const started = now - process.uptime() * 1000;
  const here = (pid: number): string => `${encodeURIComponent(hostname())}~${pid}~id`;
  expect(isLeftOver(here(process.pid), now, now)).toBe(false);
  expect(isLeftOver(here(process.pid), started - 1000, now), "an earlier process of the same number").toBe(true);
  expect(isLeftOver(here(process.ppid), now - 1000, now)).toBe(false);
  expect(isLeftOver("another_host~1~id", now - 3_600_000, now)).toBe(false);
  expect(isLeftOver("another_host~1~id", now - 90_000_000, now)).toBe(true);
});

test("a store's close and a staging folder's own disposal remove it", async () => {
  await using folder = await temporaryDirectory();
  const store = await openObjectStore(folder.path);
  const [one, two] = [await store.stagingDirectory(), await store.stagingDirectory()];
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await expect(fs.stat(one.path)).rejects.toThrow("ENOENT");
  await store[Symbol.asyncDispose]();
  await expect(fs.stat(two.path)).rejects.toThrow("ENOENT");
});
