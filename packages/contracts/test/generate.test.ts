import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generate } from "../scripts/generate/generate.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "cinelake-generate-"));
  for (const folder of [
    "schemas",
    "packages/contracts/src",
    "packages/contracts/scripts",
    "packages/contracts/package.json",
  ]) {
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  }
  symlinkSync(join(root, "packages/contracts/node_modules"), join(copy, "packages/contracts/node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test.each(Object.entries(generate(read)))("%s is what schemas/ and contracts make of it", (path, text) => {
  expect(read(path)).toBe(text);
});

test("--check names the files that differ and writes nothing; without it they are repaired", () => {
  const script = join(copy, "packages/contracts/scripts/generate.ts");
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  execFileSync(process.execPath, [script]);
  expect(run("--check")).toMatchObject({ status: 0, stderr: "" });
  const page = join(copy, "docs/tables.md");
  writeFileSync(page, "by hand");
  const failed = run("--check");
  expect(failed.status).toBe(1);
  expect(failed.stderr.trim().split("\n")).toEqual([expect.stringContaining("docs/tables.md")]);
  expect(readFileSync(page, "utf8")).toBe("by hand");
  expect(run()).toMatchObject({ status: 0, stdout: "docs/tables.md\n" });
  expect(run("--check").status).toBe(0);
});

test("a change of a column reaches the types, the pages and the specification", () => {
  const changed = generate((path) =>
    read(path).replace("name: is_placeholder, type: boolean", "name: is_stub, type: boolean"),
  );
  for (const path of ["packages/contracts/src/generated/tables.ts", "docs/tables.md"]) {
    expect(changed[path]).toContain("is_stub");
  }
});
