import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const lock = readFileSync(new URL("../../pnpm-lock.yaml", import.meta.url), "utf8");

test.each(["darwin-arm64", "darwin-x64", "linux-arm64", "linux-x64", "win32-x64"])(
  "the lock file brings DuckDB to %s",
  (platform) => expect(lock).toContain(`\n  '@duckdb/node-bindings-${platform}@`),
);
