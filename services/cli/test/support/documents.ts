import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

/** The repository's folder. */
export const repository: string = fileURLToPath(new URL("../../../../", import.meta.url));

export interface Document {
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** Files of the repository that match the patterns; none of installed packages. */
export function documents(...patterns: readonly string[]): Document[] {
  return globSync([...patterns], { cwd: repository, exclude: (name) => String(name).includes("node_modules") })
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(repository, path), "utf8") }));
}

/** Pieces of code in a Markdown text: each line of a fenced block, each inline code. */
export function codeOf(markdown: string): string[] {
  const fenced = [...markdown.matchAll(FENCE)].flatMap(([, code = ""]) => code.split("\n"));
  const inline = [...markdown.replaceAll(FENCE, "").matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
  return [...fenced, ...inline];
}

/** Targets of a Markdown text's links that lie in the repository, without `#section`. */
export function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(FENCE, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|#)/i.test(target))
    .map((target) => target.replace(/#.*$/, ""));
}

/** Arguments of each call of `./cinelake` in a line of shell, as the shell would split them; comments are left out. */
export function callsOf(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*$/, "")
    .split(/&&|\|\||[;|]/)
    .map((part) => part.trim().match(/'[^']*'|"[^"]*"|\S+/g) ?? [])
    .filter(([program]) => program === "./cinelake")
    .map(([, ...argv]) => argv.map((argument) => argument.replace(/^(['"])(.*)\1$/, "$2")));
}

const FENCE = /^```[^\n]*\n(.*?)^```/gms;
