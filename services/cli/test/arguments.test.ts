import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parseCommandLine } from "../src/arguments.ts";
import type { Command } from "../src/command.ts";

const run = async (): Promise<{ json: null; text: "" }> => ({ json: null, text: "" });
const commands: Command[] = [
  {
    name: "bootstrap",
    summary: "Loads a data set.",
    options: {
      source: { type: "path", description: "archive", env: "SOURCE" },
      k: { type: "integer", description: "how many", default: 10, minimum: 1, maximum: 500 },
      force: { type: "boolean", description: "again", env: "FORCE" },
      dataset: { type: "string", description: "which", choices: ["ml-25m", "synthetic"], default: "ml-25m" },
    },
    run,
  },
  {
    name: "table read",
    summary: "Reads a table.",
    options: { where: { type: "string", description: "condition", multiple: true } },
    arguments: ["PATH", "COLUMN?"],
    run,
  },
  {
    name: "dlq redrive",
    summary: "Puts letters back.",
    options: {
      from: { type: "string", description: "where", required: true },
      all: { type: "boolean", description: "all of them" },
    },
    arguments: ["KEY..."],
    check: ({ all, arguments: keys }) => (all && (keys as string[]).length > 0 ? "give keys or --all" : undefined),
    run,
  },
];

const parse = (line: string, env: Record<string, string> = {}): unknown => {
  const parsed = parseCommandLine(commands, line.split(" ").filter(Boolean), env);
  return "help" in parsed ? parsed : { name: parsed.command.name, options: parsed.options, json: parsed.json };
};

test("options come from the line, then the environment, then the defaults; an empty variable is none", () => {
  expect(parse("bootstrap --k 3 --json", { SOURCE: "a.zip", FORCE: "1" })).toEqual({
    name: "bootstrap",
    options: { source: resolve("a.zip"), k: 3, force: true, dataset: "ml-25m", arguments: [] },
    json: true,
  });
  expect(parse("bootstrap --source https://mirror/x.zip", { SOURCE: "", FORCE: "" })).toMatchObject({
    options: { source: "https://mirror/x.zip", force: undefined },
  });
});

test("names of two words and positional arguments", () => {
  expect(parse("table read silver/x")).toMatchObject({ name: "table read", options: { arguments: ["silver/x"] } });
});

test("an option that may be repeated is a list, in the line's order", () => {
  expect(parse("table read t --where b>1 --where a=2")).toMatchObject({ options: { where: ["b>1", "a=2"] } });
  expect(parse("table read t")).toMatchObject({ options: { where: undefined } });
});

test("a last argument with dots takes any number", () => {
  expect(parse("dlq redrive --from b")).toMatchObject({ options: { arguments: [] } });
  expect(parse("dlq redrive a b c --from b")).toMatchObject({ options: { arguments: ["a", "b", "c"] } });
  expect(parse("dlq redrive --help")).toMatchObject({
    help: expect.stringMatching(/\[KEY\.\.\.\][^]*--from.*\(required\)/),
  });
});

test.each([
  ["train", "unknown command: train"],
  ["bootstrap --k 0", "--k takes a whole number from 1 to 500, not 0"],
  ["bootstrap --k 1e3", "--k takes a whole number from 1 to 500, not 1e3"],
  ["bootstrap --dataset imdb", "--dataset takes ml-25m, synthetic, not imdb"],
  ["bootstrap --fast", "Unknown option '--fast'"],
  ["bootstrap now", "unexpected argument now"],
  ["table read", "PATH is missing"],
  ["dlq redrive a", "--from is missing"],
  ["dlq redrive a --from b --all", "give keys or --all"],
])("a wrong line gives one clear line: %s", (line, message) => {
  expect(() => parse(line)).toThrow(message);
  expect(() => parse(line)).toThrow(expect.objectContaining({ message: expect.not.stringContaining("\n") }));
});

test("help lists every command, and every option of one", () => {
  expect(parse("--help")).toMatchObject({ help: expect.stringMatching(/bootstrap[^]*table read/) });
  expect(parse("bootstrap --help")).toMatchObject({
    help: expect.stringMatching(/--source PATH[^]*or SOURCE=[^]*--dataset/),
  });
});
