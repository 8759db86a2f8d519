import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import type { Disk } from "../src/disk.ts";
import { openFileStore } from "../src/file_store.ts";
import { openObjectStore, type ObjectStore } from "../src/index.ts";

const bytes = Buffer.from("bytes");
const refused = { code: "object_store_read_only", message: expect.stringContaining("opened for reading only") };

/** A disk on which nothing below `root` can be changed, as on a read-only mount; what was tried is in `tried`. */
function frozenBelow(root: string, tried: string[]): Disk {
  const guard = (name: string, path: unknown): void => {
    if (!String(path).startsWith(root)) return;
    tried.push(name);
    throw Object.assign(new Error("EROFS: injected"), { code: "EROFS" });
  };
  const guarded = ["mkdir", "rm", "unlink", "writeFile", "rename", "link", "copyFile", "utimes"] as const;
  const frozen = Object.fromEntries(
    guarded.map((name) => [
      name,
      async (...args: unknown[]) => {
        guard(name, args[0]);
        return (fs[name] as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  );
  return {
    ...fs,
    ...frozen,
    async open(path, flags, mode) {
      if (typeof flags === "string" && flags !== "r") guard("open", path);
      return fs.open(path, flags, mode);
    },
  };
}

async function refusesWrites(store: ObjectStore, localPath: string): Promise<void> {
  await expect(store.put("a/object", bytes)).rejects.toMatchObject(refused);
  await expect(store.putIfAbsent("a/new", bytes)).rejects.toMatchObject(refused);
  await expect(store.putFile("a/new", localPath)).rejects.toMatchObject(refused);
  await expect(store.delete("a/object")).rejects.toMatchObject(refused);
}

test("a folder opened for reading is read whole, takes no write, and nothing in it is touched", async () => {
  await using folder = await temporaryDirectory();
  {
    await using writable = await openObjectStore(folder.path);
    await writable.put("a/object", bytes);
  }
  const orphan = join(folder.path, "a", ".cinelake-tmp-old");
  await fs.writeFile(orphan, "");
  await fs.utimes(orphan, 1, 1);
  const before = await fs.readdir(folder.path, { recursive: true });
  await using store = await openObjectStore(folder.path, { readOnly: true });
  expect(Buffer.from(await store.get("a/object")).toString()).toBe("bytes");
  expect(Buffer.from(await store.getRange("a/object", -2)).toString()).toBe("es");
  expect(await Array.fromAsync(store.list(""), ({ key }) => key)).toEqual(["a/object"]);
  expect(await store.head("a/object")).toMatchObject({ size: 5 });
  await using local = await store.localFile("a/object");
  await using staging = await store.stagingDirectory();
  expect(staging.path.startsWith(tmpdir())).toBe(true);
  expect(staging.path.startsWith(folder.path)).toBe(false);
  await refusesWrites(store, local.path);
  expect(await fs.readdir(folder.path, { recursive: true })).toEqual(before);
});

test("opening and reading a folder for reading only tries no change on the disk", async () => {
  await using folder = await temporaryDirectory();
  await fs.mkdir(join(folder.path, "a"));
  await fs.writeFile(join(folder.path, "a", "object"), bytes);
  await fs.writeFile(join(folder.path, "a", ".cinelake-tmp-old"), "");
  await fs.utimes(join(folder.path, "a", ".cinelake-tmp-old"), 1, 1);
  const tried: string[] = [];
  const disk = frozenBelow(folder.path, tried);
  await using store = await openFileStore(folder.path, { disk, readOnly: true });
  expect(Buffer.from(await store.get("a/object")).toString()).toBe("bytes");
  expect(await Array.fromAsync(store.list(""), ({ key }) => key)).toEqual(["a/object"]);
  await using _staging = await store.stagingDirectory();
  expect(tried).toEqual([]);
  await expect(openFileStore(folder.path, { disk })).rejects.toThrow("mounted read-only");
  expect(tried).not.toEqual([]);
});

test("a folder that is missing is not made for a reader", async () => {
  await using folder = await temporaryDirectory();
  await fs.writeFile(join(folder.path, "file"), "");
  for (const path of [join(folder.path, "missing"), join(folder.path, "file")]) {
    await expect(openObjectStore(path, { readOnly: true })).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining(path),
    });
  }
  expect(await fs.readdir(folder.path)).toEqual(["file"]);
});

test("a store in memory opened for reading takes no write either", async () => {
  await using store = await openObjectStore("memory:", { readOnly: true });
  await refusesWrites(store, "/nowhere");
});
