import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configurationSections, loadConfiguration } from "@cinelake/all_in_one";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../src/arguments.ts";
import { commands } from "../src/commands/index.ts";
import { callsOf, codeOf, documents, linksOf, repository } from "./support/documents.ts";

const pages = documents("**/*.md");
const page = (path: string): string => pages.find((each) => each.path === path)!.text;

const calls = pages
  .flatMap(({ path, text }) => codeOf(text).flatMap((line) => callsOf(line).map((argv) => ({ path, argv }))))
  .filter(({ argv }) => argv.length > 0 && argv[0] !== "COMMAND");

test("every ./cinelake command that a document shows exists, with all that it needs, and its options parse", () => {
  expect(calls.filter(({ path }) => path === "README.md").length).toBeGreaterThanOrEqual(5);
  const wrong = calls.flatMap(({ path, argv }) => {
    try {
      parseCommandLine(commands, argv, {});
      return [];
    } catch (error) {
      return [`${path}: ./cinelake ${argv.join(" ")}: ${(error as Error).message}`];
    }
  });
  expect(wrong).toEqual([]);
});

test("every variable that a document exports exists, and README.md's lead the platform to where they say", () => {
  const exported = pages.flatMap(({ path, text }) =>
    codeOf(text).flatMap((line) =>
      [...line.matchAll(/^export ([A-Z_]+)=(\S+)/g)].map(([, name = "", value = ""]) => ({ path, name, value })),
    ),
  );
  const readme = exported.filter(({ path }) => path === "README.md");
  expect(readme.map(({ name }) => name)).toEqual(["LOG_URL", "CACHE_URL", "METADATA_URL"]);
  const known = new Set(configurationSections().flatMap(({ variables }) => variables.map(({ name }) => name)));
  expect(exported.filter(({ name }) => !known.has(name))).toEqual([]);
  const { urls } = loadConfiguration(Object.fromEntries(readme.map(({ name, value }) => [name, value])));
  expect([urls.log, urls.cache, urls.metadata]).toEqual(readme.map(({ value }) => value));
});

test("README.md names every command", () => {
  const section = page("README.md").split("## The command line")[1]!.split("\n## ")[0]!;
  const named = codeOf(section);
  expect(commands.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([]);
});

test("every ./cinelake command that a message advises exists", () => {
  const names = commands.map(({ name }) => name);
  const advised = documents("{packages,services}/*/src/**/*.ts").flatMap(({ path, text }) =>
    [...text.matchAll(/\bcinelake ([a-z]+)( [a-z]+)?/g)].map(([, first = "", second = ""]) => ({
      path,
      first,
      second,
    })),
  );
  expect(advised.length).toBeGreaterThan(10);
  const unknown = advised.filter(({ first, second }) => !names.includes(first) && !names.includes(first + second));
  expect(unknown).toEqual([]);
});

test("every make target that README.md and CONTRIBUTING.md name exists", () => {
  const makefile = readFileSync(join(repository, "Makefile"), "utf8");
  const targets = new Set([...makefile.matchAll(/^([a-z_]+):/gm)].map(([, target]) => target));
  const named = ["README.md", "CONTRIBUTING.md"].flatMap((path) =>
    codeOf(page(path)).flatMap((line) => [...line.matchAll(/(?:^|\s)make ([a-z_]+)/g)].map(([, target]) => target)),
  );
  expect(named.length).toBeGreaterThanOrEqual(5);
  expect(named.filter((target) => !targets.has(target))).toEqual([]);
});

test("every relative link of every document leads to a file or folder", () => {
  const links = pages.flatMap(({ path, text }) => linksOf(text).map((target) => ({ path, target })));
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter(({ path, target }) => !existsSync(join(repository, dirname(path), target)))).toEqual([]);
});

test("every package and service has a README of its own", () => {
  const folders = documents("{packages,services}/*/package.json").map(({ path }) => dirname(path));
  expect(folders.filter((folder) => !existsSync(join(repository, folder, "README.md")))).toEqual([]);
});

describe("reading documents", () => {
  test("calls are split as the shell splits them; comments and other programs are left out", () => {
    expect(callsOf("./cinelake etl && ./cinelake table read 'a b' --limit 3  # ./cinelake nothing")).toEqual([
      ["etl"],
      ["table", "read", "a b", "--limit", "3"],
    ]);
    expect(callsOf("curl localhost:8000/docs")).toEqual([]);
  });

  test("links are those outside code, without their section", () => {
    expect(linksOf("[a](b.md#c) `[x](y)` [w](https://example.org) [s](#s)\n```\n[z](q)\n```\n")).toEqual(["b.md"]);
  });
});
