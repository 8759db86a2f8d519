import type { PackagePlan } from "./package_plan.ts";

/** What a package.json of the workspace says that a published one needs. */
export interface SourceManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The folder of a published package that holds the compiled files. */
export const LIBRARY = "lib";

/**
 * The published package.json. What is needed at once is a dependency of exactly the version that the tests ran with. What only
 * `import()` loads (the client of a store that most people do not use) is an optional peer: whoever uses it installs it, once for the
 * whole application, in a version that fits ours; so are Node's types, of which an application has its own.
 */
export function publishedManifest(
  source: SourceManifest,
  plan: PackagePlan,
  versionOf: (name: string, owner: string) => string,
): Record<string, unknown> {
  const { name, version, description, keywords, license, engines } = source;
  if (!description || !keywords || !engines) {
    throw new Error(`package.json of ${name} needs description, keywords and engines to be published`);
  }
  const needed = plan.foreign.filter((each) => !each.lazy);
  const optional = plan.foreign.filter((each) => each.lazy);
  const peers = Object.fromEntries([
    ...optional.map((each) => [each.name, `^${versionOf(each.name, each.owner)}`]),
    ...(plan.usesNode ? [["@types/node", engines.node ?? "*"]] : []),
  ]) as Record<string, string>;
  return {
    name,
    version,
    description,
    keywords,
    license,
    type: "module",
    engines,
    exports: Object.fromEntries(
      Object.entries(plan.entries).map(([key, entry]) => [
        key,
        { types: `./${LIBRARY}/${entry}.d.ts`, default: `./${LIBRARY}/${entry}.js` },
      ]),
    ),
    files: [LIBRARY],
    dependencies: Object.fromEntries(needed.map((each) => [each.name, versionOf(each.name, each.owner)])),
    ...(Object.keys(peers).length > 0 && {
      peerDependencies: peers,
      peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map((peer) => [peer, { optional: true }])),
    }),
  };
}
