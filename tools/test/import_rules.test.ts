import { describe, expect, test } from "vitest";
import { checkImports, importsOf, mapImports, type WorkspacePackage } from "../import_rules.ts";
import { readWorkspace } from "../workspace.ts";

function workspacePackage(
  directory: string,
  text: string,
  dependencies: string[] = [],
  file = "src/index.ts",
): WorkspacePackage {
  const name = `@cinelake/${directory.split("/").at(-1)}`;
  const exports = { ".": "./src/index.ts", "./public": "./src/public.ts" };
  return {
    name,
    directory,
    dependencies,
    devDependencies: [],
    exports,
    files: [{ path: `${directory}/${file}`, text }],
  };
}

const rulesBroken = (...packages: WorkspacePackage[]): string[] => checkImports(packages).map((each) => each.rule);

describe("the walls fail when they are broken", () => {
  const contracts = workspacePackage("packages/contracts", "");
  const api = workspacePackage("services/api", "");

  test("a package that imports a service", () => {
    const delta = workspacePackage("packages/delta", 'import { x } from "@cinelake/api";', ["@cinelake/api"]);
    expect(rulesBroken(delta, api)).toEqual(["direction"]);
  });

  test("a service that imports a service", () => {
    const trainer = workspacePackage("services/als_trainer", 'import type { x } from "@cinelake/api";', [
      "@cinelake/api",
    ]);
    expect(rulesBroken(trainer, api)).toEqual(["direction"]);
  });

  test("an import that package.json does not declare", () => {
    expect(
      rulesBroken(workspacePackage("packages/als", 'export { x } from "@cinelake/contracts";'), contracts),
    ).toEqual(["declared"]);
    expect(rulesBroken(workspacePackage("packages/als", 'await import("left-pad");'))).toEqual(["declared"]);
  });

  test("a reach into another package's files", () => {
    const deep = workspacePackage("packages/als", 'import "@cinelake/contracts/src/errors.ts";', [
      "@cinelake/contracts",
    ]);
    expect(rulesBroken(deep, contracts)).toEqual(["public_surface"]);
    const open = workspacePackage("packages/als", 'import "@cinelake/contracts/public";', ["@cinelake/contracts"]);
    expect(rulesBroken(open, contracts)).toEqual([]);
    expect(rulesBroken(workspacePackage("packages/als", 'import "../../contracts/src/errors.ts";'))).toEqual([
      "own_files",
    ]);
  });

  test("the test kit outside tests, an adapter opened by a service's steps", () => {
    const kit = workspacePackage("packages/testkit", "");
    const user = workspacePackage("packages/als", 'import { faulty } from "@cinelake/testkit";', ["@cinelake/testkit"]);
    expect(rulesBroken(user, kit)).toEqual(["testkit_in_tests"]);
    expect(rulesBroken(workspacePackage("services/api", "const log = openEventLog(url);"))).toEqual([
      "composition_roots",
    ]);
    expect(rulesBroken(workspacePackage("services/api", "const log = openEventLog(url);", [], "src/main.ts"))).toEqual(
      [],
    );
  });

  test("a cycle of packages", () => {
    const a = workspacePackage("packages/a", "", ["@cinelake/b"]);
    const b = workspacePackage("packages/b", "", ["@cinelake/a"]);
    expect(rulesBroken(a, b)).toContain("no_cycle");
  });
});

test("imports are found in every form", () => {
  const text =
    'import a from "a";\nimport type {\n  B,\n} from "b";\nexport * from "./c.ts";\nimport "d";\nconst e = await import("e");\n';
  expect(importsOf(text).map((each) => each.specifier)).toEqual(["a", "b", "./c.ts", "d", "e"]);
  expect(importsOf(text).filter((each) => each.loaded)).toEqual([{ specifier: "e", loaded: true }]);
  expect(mapImports(text, (name) => `${name}/x`)).toBe(text.replaceAll(/"(.*?)"/g, '"$1/x"'));
});

test("this repository keeps its walls", () => {
  const packages = readWorkspace();
  expect(packages.length).toBeGreaterThan(10);
  expect(packages.flatMap((each) => each.files).length).toBeGreaterThan(20);
  expect(checkImports(packages)).toEqual([]);
});
