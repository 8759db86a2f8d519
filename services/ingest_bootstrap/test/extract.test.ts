import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { sharedFile, temporaryDirectory } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { extractArchive, type ExtractOptions } from "../src/extract.ts";
import { DEFAULT_LIMITS } from "../src/zip_plan.ts";
import { SMALL_FILES, smallZip, zipBytes } from "./zip_bytes.ts";

/** Extracts bytes; says what came out, or with which error, and what is left in the folder. */
async function extracted(bytes: Buffer, options: ExtractOptions = {}) {
  await using dir = await temporaryDirectory();
  const archive = join(dir.path, "a.zip");
  await writeFile(archive, bytes);
  const target = join(dir.path, "lake", "files");
  try {
    const names = await extractArchive(archive, target, options);
    const files: Record<string, string> = {};
    for (const name of names) files[name] = await readFile(join(target, name), "utf8");
    return { files, left: await readdir(join(dir.path, "lake")) };
  } catch (error) {
    const left = existsSync(join(dir.path, "lake")) ? await readdir(join(dir.path, "lake")) : [];
    const outside = (await readdir(dir.path)).filter((name) => !["a.zip", "lake"].includes(name));
    const found = findError(error);
    if (!found) throw error;
    return { code: found.code, message: found.message, left: [...left, ...outside] };
  }
}

describe("extractArchive", () => {
  test("takes the needed files, deflated or stored, in a folder or at the root, and no others", async () => {
    const more = [
      { name: "small/README.txt", content: "read me", store: true },
      { name: "small/genome-tags.csv", content: "tagId,tag\n1,007\n" },
      { name: "small/other.bin", content: "?" },
      { name: "__MACOSX/ratings.csv", content: "junk" },
    ];
    expect(await extracted(smallZip({}, more))).toEqual({
      files: { ...SMALL_FILES, "README.txt": "read me", "genome-tags.csv": "tagId,tag\n1,007\n" },
      left: ["files"],
    });
    const root = zipBytes(Object.entries(SMALL_FILES).map(([name, content]) => ({ name, content })));
    expect((await extracted(root)).files).toEqual(SMALL_FILES);
  });

  const big = "0".repeat(5_000_000);
  const refused: Record<string, { bytes: Buffer; says: string; code?: string; options?: ExtractOptions }> = {
    "a path out of the folder": { bytes: smallZip({}, [{ name: "../evil.csv", content: "x" }]), says: "evil.csv" },
    "a path out of a folder inside": {
      bytes: smallZip({}, [{ name: "small/../../ratings.csv", content: "x" }]),
      says: "..",
    },
    "an absolute path": { bytes: smallZip({}, [{ name: "/tmp/evil.csv", content: "x" }]), says: "absolute" },
    "a drive letter": { bytes: smallZip({}, [{ name: "C:/evil.csv", content: "x" }]), says: "absolute" },
    "a backslash": { bytes: smallZip({}, [{ name: "..\\evil.csv", content: "x" }]), says: "evil.csv" },
    "a symbolic link": {
      bytes: smallZip({ "tags.csv": undefined }, [{ name: "small/tags.csv", content: "/etc/passwd", mode: 0o120777 }]),
      says: "link",
    },
    "a device": { bytes: smallZip({}, [{ name: "small/x", content: "", mode: 0o020644 }]), says: "device" },
    "two entries of one name": {
      bytes: smallZip({}, [{ name: "small/ratings.csv", content: "x" }]),
      says: "ratings.csv",
    },
    "names that differ in case only": {
      bytes: smallZip({}, [{ name: "SMALL/Ratings.csv", content: "x" }]),
      says: "Ratings.csv",
    },
    "a file in two folders": {
      bytes: smallZip({}, [{ name: "other/ratings.csv", content: "x" }]),
      says: "two folders",
    },
    "a wrong CRC": {
      bytes: smallZip({ "tags.csv": undefined }, [{ name: "small/tags.csv", content: "x", crc: 1 }]),
      says: "checksum",
    },
    "more bytes than declared": {
      bytes: smallZip({ "tags.csv": undefined }, [
        { name: "small/tags.csv", content: "x".repeat(999), declaredSize: 10 },
      ]),
      says: "a.zip",
    },
    "fewer bytes than declared": {
      bytes: smallZip({ "tags.csv": undefined }, [{ name: "small/tags.csv", content: "x", declaredSize: 10 }]),
      says: "a.zip",
    },
    "an encrypted file": {
      bytes: smallZip({ "tags.csv": undefined }, [{ name: "small/tags.csv", content: "x", flags: 1 }]),
      says: "encrypted",
    },
    "an unknown method": {
      bytes: smallZip({ "tags.csv": undefined }, [{ name: "small/tags.csv", content: "x", method: 12 }]),
      says: "method 12",
    },
    "a bomb by its ratio": { bytes: smallZip({ "tags.csv": big }), says: "unpack to 5000000" },
    "a bomb by its size": {
      bytes: smallZip(),
      says: "more than 50 bytes",
      options: { limits: { ...DEFAULT_LIMITS, bytes: 50 } },
    },
    "a bomb by its entries": {
      bytes: smallZip(),
      says: "4 entries",
      options: { limits: { ...DEFAULT_LIMITS, entries: 3 } },
    },
    "damaged packed bytes": {
      bytes: (() => {
        const bytes = smallZip();
        bytes.fill(0xff, 60, 110);
        return bytes;
      })(),
      says: "damaged",
    },
    "an archive that is cut off": { bytes: smallZip().subarray(0, 400), says: "cut off" },
    "something else": { bytes: Buffer.from("<html>404</html>"), says: "no zip file" },
    "an empty file": { bytes: Buffer.alloc(0), says: "no zip file" },
    "a missing file": { bytes: smallZip({ "links.csv": undefined }), says: "no links.csv", code: "dataset_invalid" },
    "a full disk, before anything is written": {
      bytes: smallZip(),
      says: "needed",
      code: "disk_full",
      options: { available: () => Promise.resolve(100) },
    },
  };
  for (const [what, { bytes, says, code = "archive_invalid", options }] of Object.entries(refused)) {
    test(`refuses ${what}: one clear error and nothing left`, async () => {
      const result = await extracted(bytes, options);
      expect(result).toMatchObject({ code, left: [] });
      expect(result.message).toContain(says);
      expect(result.message).not.toContain("\n");
    });
  }

  test("every truncation of an archive is refused", async () => {
    const bytes = smallZip();
    for (let length = 0; length < bytes.length; length += 37) {
      expect(await extracted(bytes.subarray(0, length)), String(length)).toMatchObject({
        code: "archive_invalid",
        left: [],
      });
    }
  });

  test("stopping leaves nothing", async () => {
    await using dir = await temporaryDirectory();
    await writeFile(join(dir.path, "a.zip"), smallZip());
    const work = extractArchive(join(dir.path, "a.zip"), join(dir.path, "files"), { signal: AbortSignal.abort() });
    await expect(work).rejects.toThrow("aborted");
    expect(await readdir(dir.path)).toEqual(["a.zip"]);
  });

  const real = sharedFile("data/ml-latest-small.zip");
  test.runIf(real !== undefined)("the real archive", async () => {
    await using dir = await temporaryDirectory();
    const names = await extractArchive(real!, join(dir.path, "files"));
    expect(names).toEqual(["ratings.csv", "movies.csv", "tags.csv", "links.csv", "README.txt"]);
  });
});
