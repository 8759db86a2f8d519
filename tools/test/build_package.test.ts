import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryDirectory, type TemporaryDirectory } from "../../packages/testkit/src/index.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importsOf, packageOf, type WorkspacePackage } from "../import_rules.ts";
import { publishedManifest } from "../package_manifest.ts";
import { planPackage } from "../package_plan.ts";
import { repository } from "../workspace.ts";

describe("the plan of a package", () => {
  const workspacePackage = (
    name: string,
    exports: Record<string, string>,
    files: Record<string, string>,
  ): WorkspacePackage => ({
    name: `@cinelake/${name}`,
    directory: `packages/${name}`,
    dependencies: [],
    devDependencies: [],
    exports,
    files: Object.entries(files).map(([path, text]) => ({ path: `packages/${name}/src/${path}`, text })),
  });
  const base = workspacePackage(
    "base",
    { ".": "./src/index.ts", "./errors": "./src/errors.ts" },
    { "index.ts": 'import "heavy";\nexport * from "./errors.ts";', "errors.ts": "export class Failure {}" },
  );
  const table = workspacePackage(
    "table",
    { ".": "./src/index.ts" },
    {
      "index.ts": 'export { Failure } from "@cinelake/base/errors";\nexport * from "./log/open.ts";',
      "log/open.ts":
        'import type { Batch } from "arrow";\nimport fs from "node:fs";\nexport const far = () => import("../far.ts");',
      "far.ts": 'import { Failure } from "@cinelake/base/errors";\nimport "@far/client/sub";\nimport "arrow";',
      "unused.ts": 'import "unused";',
    },
  );
  const plan = planPackage([base, table], "@cinelake/table");

  test("holds what the entries reach and nothing else, linked by relative paths to JavaScript", () => {
    expect(Object.fromEntries(plan.modules)).toEqual({
      "table/index.ts": 'export { Failure } from "../base/errors.js";\nexport * from "./log/open.js";',
      "table/log/open.ts":
        'import type { Batch } from "arrow";\nimport fs from "node:fs";\nexport const far = () => import("../far.js");',
      "table/far.ts": 'import { Failure } from "../base/errors.js";\nimport "@far/client/sub";\nimport "arrow";',
      "base/errors.ts": "export class Failure {}",
    });
  });

  test("a package that only import() reaches becomes an optional peer, any other an exact dependency", () => {
    const source = {
      name: "t",
      version: "1.0.0",
      license: "X",
      description: "d",
      keywords: [],
      engines: { node: "*" },
    };
    expect(publishedManifest(source, plan, (name, owner) => `1.2.3-${name}-${owner}`)).toMatchObject({
      exports: { ".": { types: "./lib/table/index.d.ts", default: "./lib/table/index.js" } },
      dependencies: { arrow: "1.2.3-arrow-packages/table" },
      peerDependencies: { "@far/client": "^1.2.3-@far/client-packages/table", "@types/node": "*" },
      peerDependenciesMeta: { "@far/client": { optional: true }, "@types/node": { optional: true } },
    });
  });

  test("an import that leads nowhere is refused", () => {
    const broken = workspacePackage("broken", { ".": "./src/index.ts" }, { "index.ts": 'import "./gone.ts";' });
    expect(() => planPackage([broken], "@cinelake/broken")).toThrow("packages/broken/src/gone.ts");
    const private_ = workspacePackage(
      "private",
      { ".": "./src/index.ts" },
      { "index.ts": 'import "@cinelake/base/x";' },
    );
    expect(() => planPackage([base, private_], "@cinelake/private")).toThrow("@cinelake/base exports no ./x");
  });
});

describe("the built packages/delta", () => {
  let directory: TemporaryDirectory;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    execFileSync(process.execPath, [join(repository, "tools/build_package.ts"), "packages/delta", directory.path]);
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  const read = (path: string): string => readFileSync(join(directory.path, path), "utf8");
  const manifest = (): Record<string, Record<string, unknown>> =>
    JSON.parse(read("package.json")) as Record<string, Record<string, unknown>>;
  const files = (): string[] =>
    globSync("**/*", { cwd: directory.path, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.path.length + 1));

  test("says what a registry and a resolver need, with versions of one source", () => {
    const source = JSON.parse(readFileSync(join(repository, "packages/delta/package.json"), "utf8")) as {
      version: string;
      dependencies: Record<string, string>;
    };
    expect(manifest()).toMatchObject({
      name: "@cinelake/delta",
      version: source.version,
      license: "Apache-2.0",
      type: "module",
      engines: { node: ">=22.11.0" },
      exports: { ".": { types: "./lib/delta/index.d.ts", default: "./lib/delta/index.js" } },
      files: ["lib"],
    });
    const needed = Object.entries(source.dependencies).filter(([, version]) => !version.startsWith("workspace:"));
    expect(manifest().dependencies).toEqual(Object.fromEntries(needed));
    expect(manifest().private).toBeUndefined();
    const optional = { optional: true };
    expect(manifest().peerDependenciesMeta).toEqual({ "@aws-sdk/client-s3": optional, "@types/node": optional });
    expect(Object.keys(manifest().peerDependencies!)).toEqual(Object.keys(manifest().peerDependenciesMeta!));
  });

  test("holds JavaScript with declarations, a README and the licence, and of contracts only the errors", () => {
    const names = files();
    const beside = names.filter((name) => !name.startsWith("lib/"));
    expect(beside.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
    const compiled = names.filter((name) => name.startsWith("lib/"));
    expect(compiled.filter((name) => !/\.(js|d\.ts)$/.test(name))).toEqual([]);
    expect(compiled.filter((name) => name.startsWith("lib/contracts/")).toSorted()).toEqual([
      "lib/contracts/errors.d.ts",
      "lib/contracts/errors.js",
    ]);
  });

  test("imports only its own files and what its package.json names, by the names that Node resolves", () => {
    const { dependencies, peerDependencies } = manifest();
    const named = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    const wrong = files()
      .filter((name) => name.startsWith("lib/"))
      .flatMap((name) =>
        importsOf(read(name))
          .map((each) => each.specifier)
          .filter((specifier) =>
            specifier.startsWith(".")
              ? !specifier.endsWith(".js") || !existsSync(join(directory.path, dirname(name), specifier))
              : !specifier.startsWith("node:") && !named.has(packageOf(specifier)),
          )
          .map((specifier) => `${name}: ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  test("needs no syntax newer than its engines, and names neither the workspace nor the folder that it was built in", () => {
    for (const name of files()) {
      const text = read(name);
      if (name.endsWith(".js")) expect([name, /^\s*(await )?using /m.test(text)]).toEqual([name, false]);
      expect([name, text.includes(repository)]).toEqual([name, false]);
      expect([name, text.includes("workspace:")]).toEqual([name, false]);
      expect([name, text.replaceAll("@cinelake/delta", "").match(/@cinelake\/\w+/)?.[0]]).toEqual([name, undefined]);
    }
  });
});
