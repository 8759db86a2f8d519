import { dirname, join, normalize, relative } from "node:path/posix";
import { importsOf, mapImports, packageOf, type WorkspacePackage } from "./import_rules.ts";

/** What of the workspace goes into a published package. */
export interface PackagePlan {
  /** Files to compile by their place below the package's sources, e.g. `delta/log/commit.ts`; they import each other by relative paths. */
  readonly modules: ReadonlyMap<string, string>;
  /** Compiled entries: `.` or `./name` to `delta/index`, without an extension. */
  readonly entries: Readonly<Record<string, string>>;
  readonly foreign: readonly ForeignPackage[];
  readonly usesNode: boolean;
}

/** A package from elsewhere. `owner` is the folder of the workspace package that declares it; a `lazy` one is reached by `import()` only. */
export interface ForeignPackage {
  readonly name: string;
  readonly owner: string;
  readonly lazy: boolean;
}

interface Source {
  readonly owner: WorkspacePackage;
  readonly path: string;
  readonly text: string;
}

/**
 * The files that a package's entries reach through imports, also in other packages of the workspace, and what they need from elsewhere.
 * A type that is imported counts like a value: the declarations name it. Fails on an import that leads nowhere.
 */
export function planPackage(workspace: readonly WorkspacePackage[], name: string): PackagePlan {
  const sources = new Map(
    workspace.flatMap((owner) => owner.files.map(({ path, text }) => [path, { owner, path, text }] as const)),
  );
  const published = workspace.find((each) => each.name === name);
  if (!published) throw new Error(`${name} is not in the workspace`);
  const reached = new Map<string, Source>();
  const foreign = new Map<string, ForeignPackage>();
  let usesNode = false;

  const target = (from: Source, specifier: string): string | undefined => {
    if (specifier.startsWith(".")) return normalize(join(dirname(from.path), specifier));
    const owner = workspace.find((each) => each.name === packageOf(specifier));
    return owner && entryOf(owner, `.${specifier.slice(owner.name.length)}`);
  };
  /** Follows what a file needs at once, and returns what it only loads later. */
  const follow = (path: string, lazy: boolean): string[] => {
    if (reached.has(path)) return [];
    const source = sources.get(path);
    if (!source) throw new Error(`No TypeScript file ${path} in the workspace`);
    reached.set(path, source);
    return importsOf(source.text).flatMap(({ specifier, loaded }) => {
      const next = target(source, specifier);
      if (next !== undefined) return loaded ? [next] : follow(next, lazy);
      if (specifier.startsWith("node:")) usesNode = true;
      else {
        const known = foreign.get(packageOf(specifier));
        const later = (known?.lazy ?? true) && (lazy || loaded);
        foreign.set(packageOf(specifier), { name: packageOf(specifier), owner: source.owner.directory, lazy: later });
      }
      return [];
    });
  };

  const entries = Object.entries(published.exports).map(([key]) => [key, entryOf(published, key)] as const);
  let later = entries.flatMap(([, path]) => follow(path, false));
  while (later.length > 0) later = later.flatMap((path) => follow(path, true));

  const place = (path: string): string => placeOf(reached.get(path)!);
  const relink = (source: Source): string =>
    mapImports(source.text, (specifier) => {
      const next = target(source, specifier);
      if (next === undefined) return specifier;
      const link = relative(dirname(placeOf(source)), place(next)).replace(/\.ts$/, ".js");
      return link.startsWith(".") ? link : `./${link}`;
    });
  return {
    modules: new Map([...reached.values()].map((source) => [placeOf(source), relink(source)])),
    entries: Object.fromEntries(entries.map(([key, path]) => [key, place(path).replace(/\.ts$/, "")])),
    foreign: [...foreign.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    usesNode,
  };
}

function entryOf(owner: WorkspacePackage, key: string): string {
  const entry = owner.exports[key];
  if (entry === undefined) throw new Error(`${owner.name} exports no ${key}`);
  return normalize(join(owner.directory, entry));
}

/** `packages/delta/src/log/commit.ts` as `delta/log/commit.ts`. */
function placeOf({ owner, path }: Source): string {
  return join(owner.directory.split("/").at(-1)!, relative(join(owner.directory, "src"), path));
}
