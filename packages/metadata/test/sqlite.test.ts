import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { openMetadata } from "@cinelake/metadata";
import { metadataConformance } from "@cinelake/metadata/conformance";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";

metadataConformance({
  name: "sqlite",
  async fresh() {
    const directory = await temporaryDirectory();
    return {
      url: `sqlite:${join(directory.path, "deep", "metadata.sqlite")}`,
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});

test("a plain path and a sqlite: URL name the same database", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "metadata.sqlite");
  await using byPath = await openMetadata(path);
  await byPath.promoteModel({ modelVersion: "m", snapshotKey: "k", details: {} }, 0);
  await using byUrl = await openMetadata(`sqlite:${path}`);
  expect((await byUrl.servingModel())?.modelVersion).toBe("m");
});

test("databases in memory are apart from each other", async () => {
  await using one = await openMetadata("sqlite::memory:");
  await using other = await openMetadata("sqlite::memory:");
  await one.promoteModel({ modelVersion: "m", snapshotKey: "k", details: {} }, 0);
  expect(await other.servingModel()).toBeUndefined();
});

test("writes wait until they are on the disk", async () => {
  await using directory = await temporaryDirectory();
  await using metadata = await openMetadata(join(directory.path, "metadata.sqlite"));
  const { sql } = await import("kysely");
  const { rows: mode } = await sql<{ journal_mode: string }>`PRAGMA journal_mode`.execute(metadata.db);
  const { rows: level } = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(metadata.db);
  const { rows: keys } = await sql<{ foreign_keys: number }>`PRAGMA foreign_keys`.execute(metadata.db);
  expect([mode[0]?.journal_mode, level[0]?.synchronous, keys[0]?.foreign_keys]).toEqual(["wal", 2, 1]);
});

test("a file that is no database is refused by name", async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, "notes.txt");
  await writeFile(path, "this is a text file and no database at all\n".repeat(100));
  const error: unknown = await openMetadata(path).catch((thrown: unknown) => thrown);
  expect(findError(error, "config_invalid")?.message).toContain(path);
});

test("an unknown scheme is refused without showing the password", async () => {
  const error: unknown = await openMetadata("oracle://scott:tiger@host/db").catch((thrown: unknown) => thrown);
  expect(findError(error, "config_invalid")?.message).toContain("oracle:");
  expect(String(error)).not.toContain("tiger");
});
