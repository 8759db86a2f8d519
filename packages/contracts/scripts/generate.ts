/**
 * Makes types, validators' schemas and pages from schemas/. `--check` writes nothing and exits 1 with the names of the files
 * that differ.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generate } from "./generate/generate.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const readIfThere = (path: string) => {
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
};

const differing = Object.entries(generate(read)).filter(([path, text]) => readIfThere(path) !== text);
if (process.argv.includes("--check")) {
  for (const [path] of differing) process.stderr.write(`${path} differs from schemas/: run \`make generate\`\n`);
  process.exitCode = differing.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of differing) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    process.stdout.write(`${path}\n`);
  }
}
