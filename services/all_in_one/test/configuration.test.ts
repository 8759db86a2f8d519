import { readFileSync } from "node:fs";
import { configurationPage } from "@cinelake/runtime";
import { expect, test } from "vitest";
import { configurationSections, loadConfiguration } from "../src/configuration.ts";

test("every problem of the environment is named at once", () => {
  expect(() => loadConfiguration({ MEMORY_LIMIT: "much", FLUSH_ROWS: "0" })).toThrow(/MEMORY_LIMIT.*FLUSH_ROWS/);
  expect(() => loadConfiguration({ PORT: "70000" })).toThrow(/PORT/);
});

test("everything lies below DATA_DIR unless a variable says otherwise", () => {
  const { urls } = loadConfiguration({ DATA_DIR: "/srv/cinelake" });
  expect(urls).toMatchObject({
    log: "file:///srv/cinelake/log",
    lake: "file:///srv/cinelake/lakehouse",
    metadata: "sqlite:/srv/cinelake/metadata.sqlite",
  });
});

test("docs/configuration.md is what the schemas say (make generate)", () => {
  const page = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toBe(configurationPage(configurationSections()));
});
