import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findError } from "@cinelake/contracts";
import {
  configurationPage,
  configVariables,
  loadConfig,
  parseConfigFile,
  URL_VARIABLES,
  withConfigFile,
} from "@cinelake/runtime";
import { z } from "zod";

const schema = z.object({
  httpPort: z.int().min(1).max(65_535).default(8000).describe("Port of the API."),
  logLevel: z.enum(["debug", "info"]).default("info").describe("How much is logged."),
  pretty: z.boolean().default(false).describe("Lines for people."),
  origins: z.array(z.string()).default([]).describe("Allowed origins."),
  halfLifeHours: z.number().positive().default(24).describe("Half-life."),
  adminKey: z.string().min(8).optional().describe("Key of admin routes."),
  dataDir: z.string().describe("Folder of the data."),
});
function problemOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return findError(thrown, "config_invalid")?.message ?? String(thrown);
  }
  return "";
}

test("text of the environment becomes the schema's types; empty is absent", () => {
  const env = {
    HTTP_PORT: " 9000 ",
    PRETTY: "yes",
    ORIGINS: "a, b",
    HALF_LIFE_HOURS: "1.5",
    LOG_LEVEL: "",
    DATA_DIR: "/data",
  };
  expect(loadConfig(schema, { env })).toEqual({
    httpPort: 9000,
    logLevel: "info",
    pretty: true,
    origins: ["a", "b"],
    halfLifeHours: 1.5,
    dataDir: "/data",
  });
});

test("the environment beats the given defaults, which beat the schema's", () => {
  const defaults = { dataDir: "here", httpPort: 1 };
  expect(loadConfig(schema, { env: { HTTP_PORT: "2" }, defaults })).toMatchObject({ httpPort: 2, dataDir: "here" });
  expect(loadConfig(schema, { env: {}, defaults })).toMatchObject({ httpPort: 1, halfLifeHours: 24 });
});

test("one message lists every problem by the variable's name, and shows no text, which may be a secret", () => {
  const env = { HTTP_PORT: "70000", LOG_LEVEL: "loud", PRETTY: "perhaps", HALF_LIFE_HOURS: "0x10", ADMIN_KEY: "hush" };
  const message = problemOf(() => loadConfig(schema, { env }));
  for (const part of [
    "HTTP_PORT must be integer 1..65535",
    "LOG_LEVEL must be debug | info",
    "PRETTY must be true | false",
    "HALF_LIFE_HOURS must be number above 0",
    "ADMIN_KEY must have at least 8 characters",
    "DATA_DIR must be set (Folder of the data.)",
  ]) {
    expect(message).toContain(part);
  }
  expect(message).not.toContain("hush");
});

test("a rule of one's own is told with the variable's name, one between variables by its message", () => {
  const own = z.object({ lakeUrl: z.string().refine((url) => url.includes(":"), "must be a URL") });
  expect(problemOf(() => loadConfig(own, { env: { LAKE_URL: "x" } }))).toBe(
    "Configuration is not valid: LAKE_URL must be a URL",
  );
  const both = z.object({ a: z.int(), b: z.int() }).refine(({ a, b }) => a < b, "A must be below B");
  expect(problemOf(() => loadConfig(both, { env: { A: "2", B: "1" } }))).toBe(
    "Configuration is not valid: A must be below B",
  );
});

test.each(["", "abc", "1e999", "12px", "0b11", "٣", "NaN", "Infinity", "1.5"])("%j is no port", (text) => {
  const read = () => loadConfig(schema, { env: { HTTP_PORT: text, DATA_DIR: "x" } });
  if (text === "") expect(read().httpPort).toBe(8000);
  else expect(problemOf(read)).toContain("HTTP_PORT must be integer 1..65535");
});

test("every variable is documented from the schema, and the page shows it", () => {
  const variables = configVariables(schema);
  expect(variables).toContainEqual({
    name: "HTTP_PORT",
    type: "integer 1..65535",
    default: "8000",
    description: "Port of the API.",
  });
  expect(variables).toContainEqual({
    name: "LOG_LEVEL",
    type: "debug | info",
    default: "info",
    description: "How much is logged.",
  });
  expect(variables).toContainEqual({
    name: "DATA_DIR",
    type: "text",
    default: undefined,
    description: "Folder of the data.",
  });
  expect(variables).toContainEqual({
    name: "ADMIN_KEY",
    type: "text",
    default: "",
    description: "Key of admin routes.",
  });
  const page = configurationPage([{ title: "api", description: "The API.", variables }]);
  expect(page).toContain("| `HTTP_PORT` | integer 1..65535 | `8000` | Port of the API. |");
  expect(page).toContain("| `LOG_LEVEL` | debug \\| info | `info` | How much is logged. |");
  expect(page).toContain("| `DATA_DIR` | text | must be set | Folder of the data. |");
});

test("a file takes known names only and lies under the environment", () => {
  const known = [...configVariables(schema), ...URL_VARIABLES];
  const file = parseConfigFile(
    '# ours\nHTTP_PORT=81\nDATA_DIR="/data with blanks"\nLOG_URL=memory:\n',
    known,
    "cinelake.env",
  );
  expect(loadConfig(schema, { env: { ...file, HTTP_PORT: "82" } })).toMatchObject({
    httpPort: 82,
    dataDir: "/data with blanks",
  });
  expect(problemOf(() => parseConfigFile("HTTP_PROT=81\nX=1\nDATA_DIR=a", known, "cinelake.env"))).toBe(
    "cinelake.env: there is no variable HTTP_PROT, X; see docs/configuration.md",
  );
});

test("CONFIG_FILE names the file; one that cannot be read stops the start", () => {
  const known = configVariables(schema);
  const folder = mkdtempSync(join(tmpdir(), "cinelake-config-"));
  try {
    const file = join(folder, "cinelake.env");
    writeFileSync(file, "HTTP_PORT=81\nDATA_DIR=/data\n");
    expect(withConfigFile({ CONFIG_FILE: file, HTTP_PORT: "", LOG_LEVEL: "debug" }, known)).toEqual({
      CONFIG_FILE: file,
      HTTP_PORT: "81",
      DATA_DIR: "/data",
      LOG_LEVEL: "debug",
    });
    expect(problemOf(() => withConfigFile({ CONFIG_FILE: join(folder, "none") }, known))).toMatch(
      /^CONFIG_FILE .* cannot be read/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(withConfigFile({ HTTP_PORT: "1" }, known)).toEqual({ HTTP_PORT: "1" });
});
