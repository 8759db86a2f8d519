import { dirname, join, normalize, relative } from "node:path/posix";

/** What the rules need to know of one workspace package. Paths are relative to the repository, with `/`. */
export interface WorkspacePackage {
  readonly name: string;
  readonly directory: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Public modules: `.` or `./name` to a file relative to the package. */
  readonly exports: Readonly<Record<string, string>>;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export interface Violation {
  readonly file: string;
  readonly rule: string;
  readonly message: string;
}

const SCOPE = "@cinelake/";
const OPENERS = /\bopen(?:EventLog|ObjectStore|Cache|Metadata|Tracking|SqlEngine)\b/;
const IMPORT =
  /^(\s*(?:import|export)\b[^;'"]*?\bfrom\s*["'])([^"']+)|^(\s*import\s*["'])([^"']+)|(\bimport\(\s*["'])([^"']+)/gm;

/**
 * The walls of the house (docs/decisions/0002): imports point one way (contracts <- ports and pure packages <- runtime <- services <-
 * all_in_one <- cli), every import is declared, nothing reaches into another package's files, the test kit stays in tests, adapters are
 * opened by composition roots only, and packages form no cycle.
 */
export function checkImports(packages: readonly WorkspacePackage[]): Violation[] {
  const byName = new Map(packages.map((each) => [each.name, each]));
  const violations = packages.flatMap((each) => each.files.flatMap((file) => checkFile(each, file, byName)));
  return [...violations, ...findCycles(byName)];
}

/** A module name that a TypeScript file imports or re-exports, or loads when it runs into `import()`. */
export interface Import {
  readonly specifier: string;
  readonly loaded: boolean;
}

/** What a TypeScript file imports, in the order of the text. */
export function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((match) => ({
    specifier: match[2] ?? match[4] ?? match[6] ?? "",
    loaded: match[6] !== undefined,
  }));
}

/** The text with other module names. */
export function mapImports(text: string, rename: (specifier: string) => string): string {
  return text.replace(
    IMPORT,
    (_, from?: string, a?: string, bare?: string, b?: string, load?: string, c?: string) =>
      (from ?? bare ?? load ?? "") + rename(a ?? b ?? c ?? ""),
  );
}

/** The package of a module name that is not a path: `@scope/name/sub` and `name/sub` without `sub`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function checkFile(
  from: WorkspacePackage,
  file: { path: string; text: string },
  byName: ReadonlyMap<string, WorkspacePackage>,
): Violation[] {
  const found: Violation[] = [];
  const fail = (rule: string, message: string): void => void found.push({ file: file.path, rule, message });
  const forTests = isTestCode(file.path);
  for (const { specifier } of importsOf(file.text)) {
    if (specifier.startsWith("node:")) continue;
    if (specifier.startsWith(".")) {
      const target = normalize(join(dirname(file.path), specifier));
      if (relative(from.directory, target).startsWith("..")) fail("own_files", `${specifier} leaves ${from.directory}`);
      continue;
    }
    const name = packageOf(specifier);
    if (name !== from.name && !from.dependencies.includes(name) && !(forTests && mayUseInTests(from, name))) {
      fail("declared", `${name} is not among the dependencies of ${from.name}`);
    }
    if (!name.startsWith(SCOPE)) continue;
    if (name === `${SCOPE}testkit` && !forTests) fail("testkit_in_tests", "the test kit is for tests only");
    const target = byName.get(name);
    if (target && !(`.${specifier.slice(name.length)}` in target.exports)) {
      fail("public_surface", `${specifier} is not public`);
    }
    if (target && !forTests && target !== from && !pointsOneWay(from, target)) {
      fail("direction", `${from.name} (${layerOf(from)}) must not import ${name} (${layerOf(target)})`);
    }
  }
  if (
    OPENERS.test(file.text) &&
    from.directory.startsWith("services/") &&
    !forTests &&
    !isCompositionRoot(from, file)
  ) {
    fail("composition_roots", "only main.ts, all_in_one and cli open adapters");
  }
  return found;
}

/** 0 contracts, 1 ports and pure packages, 2 runtime and examples, which use packages only, 3 services, 4 all_in_one, 5 cli. */
function layerOf(each: WorkspacePackage): number {
  const folder = each.directory.split("/").at(-1);
  if (each.directory.startsWith("services/")) return folder === "cli" ? 5 : folder === "all_in_one" ? 4 : 3;
  return folder === "contracts" ? 0 : folder === "runtime" || folder === "examples" ? 2 : 1;
}

function pointsOneWay(from: WorkspacePackage, to: WorkspacePackage): boolean {
  const [upper, lower] = [layerOf(from), layerOf(to)];
  return lower < upper || (lower === 1 && upper === 1);
}

function isTestCode(path: string): boolean {
  return /\/(test|scripts)\//.test(path) || path.endsWith("/conformance.ts");
}

function mayUseInTests(from: WorkspacePackage, name: string): boolean {
  return from.devDependencies.includes(name) || name === "vitest";
}

function isCompositionRoot(from: WorkspacePackage, file: { path: string }): boolean {
  return layerOf(from) >= 4 || file.path.endsWith("/main.ts");
}

function findCycles(byName: ReadonlyMap<string, WorkspacePackage>): Violation[] {
  const done = new Set<string>();
  const violations: Violation[] = [];
  const visit = (name: string, path: readonly string[]): void => {
    const at = path.indexOf(name);
    if (at >= 0) {
      const message = [...path.slice(at), name].join(" -> ");
      violations.push({ file: byName.get(name)?.directory ?? name, rule: "no_cycle", message });
      return;
    }
    if (done.has(name)) return;
    for (const next of byName.get(name)?.dependencies ?? []) if (byName.has(next)) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of byName.keys()) visit(name, []);
  return violations;
}
