import * as fs from "node:fs/promises";
import { join, relative } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import type { Disk } from "../src/disk.ts";
import { openFileStore } from "../src/file_store.ts";
import { openObjectStore } from "../src/index.ts";

const bytes = Buffer.from("bytes");

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

/** A disk on which writing to a file (and what else `extra` names) fails while `failing` says so. */
function brokenDisk(
  code: string,
  step: "mkdir" | "writeFile" | "sync" | "link" | "rename" | "copyFile",
  failing: () => boolean,
): Disk {
  const refuse = (): void => {
    if (failing()) throw systemError(code);
  };
  return {
    ...fs,
    async open(path, flags, mode) {
      const file = await fs.open(path, flags, mode);
      if (step !== "writeFile" && step !== "sync") return file;
      const real = file[step].bind(file) as (...args: unknown[]) => Promise<void>;
      file[step] = async (...args: unknown[]) => {
        refuse();
        return real(...args);
      };
      return file;
    },
    mkdir: (async (path, options) => {
      if (step === "mkdir" && String(path).includes(".cinelake-")) refuse();
      return fs.mkdir(path, options);
    }) as Disk["mkdir"],
    async link(from, to) {
      if (step === "link") refuse();
      return fs.link(from, to);
    },
    async rename(from, to) {
      if (step === "rename") refuse();
      return fs.rename(from, to);
    },
    async copyFile(from, to, mode) {
      if (step === "copyFile") refuse();
      return fs.copyFile(from, to, mode);
    },
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

test("a full disk at any step fails with disk_full, leaves the old object and no temporary file", async () => {
  for (const step of ["writeFile", "sync", "link", "rename", "copyFile"] as const) {
    await using folder = await temporaryDirectory();
    let failing = false;
    await using store = await openFileStore(folder.path, { disk: brokenDisk("ENOSPC", step, () => failing) });
    await store.put("a/old", bytes);
    await using elsewhere = await temporaryDirectory();
    await fs.writeFile(join(elsewhere.path, "file"), "new");
    failing = true;
    const full = { code: "disk_full" };
    if (step !== "link" && step !== "copyFile")
      await expect(store.put("a/old", Buffer.from("new"))).rejects.toMatchObject(full);
    if (step !== "rename" && step !== "copyFile")
      await expect(store.putIfAbsent("a/new", bytes)).rejects.toMatchObject(full);
    if (step === "copyFile" || step === "rename") {
      await expect(store.putFile("a/old", join(elsewhere.path, "file"))).rejects.toMatchObject(full);
    }
    failing = false;
    expect(Buffer.from(await store.get("a/old")).toString()).toBe("bytes");
    expect(await filesIn(folder.path)).toEqual(["old"]);
    expect(await store.putIfAbsent("a/new", bytes)).toBe(true);
  }
});

test("a file system without hard links is refused when the store is opened", async () => {
  for (const code of ["EPERM", "ENOTSUP", "ENOSYS"]) {
    await using folder = await temporaryDirectory();
    const opening = openFileStore(folder.path, { disk: brokenDisk(code, "link", () => true) });
    await expect(opening).rejects.toMatchObject({
      code: "object_store_unsupported",
      message: expect.stringMatching(new RegExp(`${folder.path} has no hard links .*Put the lake on a file system`)),
    });
    expect(await filesIn(folder.path)).toEqual([]);
  }
});

test.each([
  ["EROFS", /mounted read-only \(EROFS\)\. Mount it for writing, or put the lake elsewhere/],
  ["EACCES", /may not write there \(EACCES\)\. Give its user the folder \(chown\)/],
  ["EPERM", /may not write there \(EPERM\)\. Give its user the folder \(chown\)/],
])(
  "a folder that cannot be written (%s) says when it is opened what to do, and keeps what it has",
  async (code, advice) => {
    await using folder = await temporaryDirectory();
    await using writable = await openObjectStore(folder.path);
    await writable.put("a/object", bytes);
    for (const step of ["mkdir", "writeFile"] as const) {
      const opening = openFileStore(folder.path, { disk: brokenDisk(code, step, () => true) });
      await expect(opening).rejects.toMatchObject({ code: "config_invalid", message: expect.stringMatching(advice) });
      await expect(opening).rejects.toThrow(folder.path);
    }
    expect(await filesIn(folder.path)).toEqual(["object"]);
  },
);

test("a folder that loses its permission while it is open refuses writes with advice, and still reads", async () => {
  await using folder = await temporaryDirectory();
  let failing = false;
  await using store = await openFileStore(folder.path, { disk: brokenDisk("EROFS", "writeFile", () => failing) });
  await store.put("a/object", bytes);
  failing = true;
  await expect(store.put("a/object", Buffer.from("new"))).rejects.toMatchObject({
    code: "object_store_unsupported",
    message: expect.stringContaining("Mount it for writing"),
  });
  expect(Buffer.from(await store.get("a/object")).toString()).toBe("bytes");
});

test("a root that cannot be used and an unknown scheme are configuration errors that say what is supported", async () => {
  await using folder = await temporaryDirectory();
  await fs.writeFile(join(folder.path, "file"), "");
  for (const url of [
    join(folder.path, "file"),
    join(folder.path, "file", "below"),
    "ftp://host/folder",
    "relative",
    "file:relative",
    "",
  ]) {
    await expect(openObjectStore(url), url).rejects.toMatchObject({ code: "config_invalid" });
  }
  await expect(openObjectStore("ftp://host")).rejects.toThrow(/file:\/\/\/.*s3:\/\/.*memory:/);
});

test("symbolic links below the root lead nowhere: neither out of the store nor into a listing", async () => {
  await using folder = await temporaryDirectory();
  await using outside = await temporaryDirectory();
  await fs.writeFile(join(outside.path, "secret"), "secret");
  await using store = await openObjectStore(join(folder.path, "root"));
  await store.put("real/object", bytes);
  await fs.symlink(outside.path, join(folder.path, "root", "link"));
  await fs.symlink(join(outside.path, "secret"), join(folder.path, "root", "real", "link"));
  const refused = { code: "invalid_argument" };
  await expect(store.get("link/secret")).rejects.toMatchObject(refused);
  await expect(store.put("link/new", bytes)).rejects.toMatchObject(refused);
  await expect(store.put("link/sub/new", bytes)).rejects.toMatchObject(refused);
  await expect(store.delete("link/secret")).rejects.toMatchObject(refused);
  await expect(store.get("real/link")).rejects.toMatchObject({ code: "object_not_found" });
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  expect(keys).toEqual(["real/object"]);
  expect(await fs.readdir(outside.path)).toEqual(["secret"]);

  await fs.symlink(join(folder.path, "root"), join(folder.path, "root_link"));
  await using linked = await openObjectStore(join(folder.path, "root_link"));
  expect(Buffer.from(await linked.get("real/object")).toString()).toBe("bytes");
});

test("a folder that somebody removed is made again", async () => {
  await using folder = await temporaryDirectory();
  await using store = await openObjectStore(folder.path);
  await store.put("a/b/one", bytes);
  await fs.rm(join(folder.path, "a"), { recursive: true });
  await store.put("a/b/two", bytes);
  await fs.rm(join(folder.path, "a"), { recursive: true });
  expect(await store.putIfAbsent("a/b/two", bytes)).toBe(true);
});

test("listing removes temporary files a crash left over an hour ago, and shows none", async () => {
  await using folder = await temporaryDirectory();
  await using store = await openObjectStore(folder.path);
  await store.put("a/object", bytes);
  const [old, fresh] = [join(folder.path, "a", ".cinelake-tmp-old"), join(folder.path, "a", ".cinelake-tmp-fresh")];
  await fs.writeFile(old, "");
  await fs.writeFile(fresh, "");
  const twoHoursAgo = Date.now() / 1000 - 7200;
  await fs.utimes(old, twoHoursAgo, twoHoursAgo);
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  expect(keys).toEqual(["a/object"]);
  expect(await fs.readdir(join(folder.path, "a"))).toEqual([".cinelake-tmp-fresh", "object"]);
});

test("staged files move into the store by rename, others are copied and stay", async () => {
  await using folder = await temporaryDirectory();
  await using store = await openObjectStore(folder.path);
  await using staging = await store.stagingDirectory();
  const staged = join(staging.path, "file");
  await fs.writeFile(staged, "staged");
  const { ino } = await fs.stat(staged);
  await store.putFile("staged", staged);
  expect((await fs.stat(join(folder.path, "staged"))).ino).toBe(ino);
  await store.putFile("copy", join(folder.path, "staged"));
  expect((await fs.stat(join(folder.path, "copy"))).ino).not.toBe(ino);
  await expect(store.putFile("none", join(folder.path, "missing"))).rejects.toMatchObject({ code: "invalid_argument" });
});

test("an object gets its name only when its bytes are durable, and counts as stored only when its name and folders are, too", async () => {
  await using folder = await temporaryDirectory();
  const root = join(folder.path, "root");
  const steps: string[] = [];
  const nameOf = (path: unknown): string =>
    relative(folder.path, String(path)).replace(/\.cinelake-(tmp-|staging).*/, "(temporary)");
  const disk: Disk = {
    ...fs,
    async open(path, flags, mode) {
      const file = await fs.open(path, flags, mode);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        await sync();
        steps.push(`sync ${nameOf(path)}`);
      };
      return file;
    },
    async rename(from, to) {
      await fs.rename(from, to);
      steps.push(`rename to ${nameOf(to)}`);
    },
    async link(from, to) {
      await fs.link(from, to);
      steps.push(`link to ${nameOf(to)}`);
    },
  };
  await using store = await openFileStore(root, { disk });
  const during = async (work: Promise<unknown>): Promise<string[]> => {
    steps.length = 0;
    await work;
    return [...steps];
  };
  const folders = ["sync root", "sync root/a"];
  expect(await during(store.put("a/b/1", bytes))).toEqual([
    ...folders,
    "sync root/a/b/(temporary)",
    "rename to root/a/b/1",
    "sync root/a/b",
  ]);
  expect(await during(store.putIfAbsent("a/b/2", bytes))).toEqual([
    "sync root/a/b/(temporary)",
    "link to root/a/b/2",
    "sync root/a/b",
  ]);
  await using staging = await store.stagingDirectory();
  await fs.writeFile(join(staging.path, "file"), "x");
  expect(await during(store.putFile("a/b/3", join(staging.path, "file")))).toEqual([
    "sync root/(temporary)",
    "rename to root/a/b/3",
    "sync root/a/b",
  ]);
  expect(await during(store.putFile("a/b/4", join(root, "a/b/1")))).toEqual([
    "sync root/a/b/(temporary)",
    "rename to root/a/b/4",
    "sync root/a/b",
  ]);
});
