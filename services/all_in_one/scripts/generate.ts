import { writeFileSync } from "node:fs";
import { configurationPage } from "@cinelake/runtime";
import { configurationSections } from "../src/configuration.ts";

/** Writes docs/configuration.md from the schemas; a test compares it. */
writeFileSync(new URL("../../../docs/configuration.md", import.meta.url), configurationPage(configurationSections()));
