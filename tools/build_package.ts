import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { LIBRARY, publishedManifest, type SourceManifest } from "./package_manifest.ts";
import { planPackage, type PackagePlan } from "./package_plan.ts";
import { readWorkspace, repository } from "./workspace.ts";

/**
 * Builds a package of the workspace as people install it: `node tools/build_package.ts packages/NAME [FOLDER]` compiles it and what it
 * imports of the workspace into FOLDER (default `.cache/dist/NAME`): JavaScript and declarations, package.json, README.md, LICENSE.
 */
const [directory, folder] = process.argv.slice(2);
if (!directory) throw new Error("Which package? Usage: node tools/build_package.ts packages/NAME [FOLDER]");
const output = resolve(folder ?? join(repository, ".cache/dist", directory.split("/").at(-1)!));
const source = manifestOf(directory);
const plan = planPackage(readWorkspace(), source.name);
const manifest = publishedManifest(source, plan, versionOf);
rmSync(output, { recursive: true, force: true });
compile(plan, join(output, LIBRARY));
writeFileSync(join(output, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
cpSync(join(repository, directory, "README.md"), join(output, "README.md"));
cpSync(join(repository, "LICENSE"), join(output, "LICENSE"));
process.stdout.write(`${output}\n`);

function manifestOf(directory: string): SourceManifest {
  return JSON.parse(readFileSync(join(repository, directory, "package.json"), "utf8")) as SourceManifest;
}

function versionOf(name: string, owner: string): string {
  const version = manifestOf(owner).dependencies?.[name];
  if (version === undefined) throw new Error(`${owner}/package.json does not declare ${name}`);
  return version;
}

/** Compiles the modules in a folder of their own, where the packages that they import are linked. */
function compile({ modules, foreign }: PackagePlan, library: string): void {
  mkdirSync(join(repository, ".cache"), { recursive: true });
  const work = mkdtempSync(join(repository, ".cache/build-"));
  try {
    for (const [place, text] of modules) write(join(work, "src", place), text);
    for (const { name, owner } of foreign) link(join(repository, owner, "node_modules", name), name);
    link(join(repository, "node_modules/@types/node"), "@types/node");
    write(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions: compilerOptions(library), include: ["src"] }));
    const compiler = join(repository, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", work], { stdio: ["ignore", "inherit", "inherit"] });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }

  function link(target: string, name: string): void {
    const path = join(work, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path, "junction");
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * For Node 22: `using` is lowered, and the library holds nothing that came after it, so that the compiler refuses what that Node lacks.
 * The sources have been checked strictly where they lie; here only what the emitted files depend on matters.
 */
function compilerOptions(library: string): Record<string, unknown> {
  return {
    target: "es2023",
    lib: ["es2024", "esnext.disposable", "esnext.array", "esnext.collection", "esnext.iterator"],
    module: "nodenext",
    types: ["node"],
    rootDir: "src",
    outDir: library,
    declaration: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  };
}
