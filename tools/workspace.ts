import { existsSync, globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { WorkspacePackage } from "./import_rules.ts";

/** The repository's folder. */
export const repository: string = fileURLToPath(new URL("../", import.meta.url));

/** All packages of the workspace with their TypeScript files. */
export function readWorkspace(): WorkspacePackage[] {
  return globSync(["{packages,services}/*/package.json", "examples/package.json"], { cwd: repository })
    .sort()
    .map((manifestPath) => {
      const directory = manifestPath.replaceAll("\\", "/").replace(/\/package\.json$/, "");
      const manifest = JSON.parse(readFileSync(join(repository, manifestPath), "utf8")) as {
        name: string;
        dependencies?: Record<string, string>;
        devDependencies?: Record<string, string>;
        exports?: Record<string, string>;
      };
      return {
        name: manifest.name,
        directory,
        dependencies: Object.keys(manifest.dependencies ?? {}),
        devDependencies: Object.keys(manifest.devDependencies ?? {}),
        exports: manifest.exports ?? {},
        files: globSync(`${directory}/*/**/*.ts`, { cwd: repository, exclude: (name) => name === "node_modules" })
          .map((path) => path.replaceAll("\\", "/"))
          .filter((path) => existsSync(join(repository, path)))
          .map((path) => ({ path, text: readFileSync(join(repository, path), "utf8") })),
      };
    });
}
