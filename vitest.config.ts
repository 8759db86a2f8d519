import { defineConfig } from "vitest/config";

/** `*.test.ts` need no server and run in `make test`; `*.servers.test.ts` need servers, other engines or minutes: `make test_servers`. */
const servers = process.env.TEST_SERVERS === "1";

export default defineConfig({
  test: {
    include: servers
      ? ["{packages,services,tests,examples}/**/*.servers.test.ts"]
      : ["{packages,services,tests,tools,examples}/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(servers ? [] : ["**/*.servers.test.ts"])],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
