import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { CinelakeError } from "@cinelake/contracts";
import { createLogger, type LoggerOptions } from "@cinelake/runtime";

function linesOf(options: Partial<LoggerOptions>, log: (logger: ReturnType<typeof createLogger>) => void): string[] {
  const lines: string[] = [];
  log(
    createLogger({
      service: "api",
      pretty: false,
      destination: { write: (line) => void lines.push(line) },
      ...options,
    }),
  );
  return lines;
}

test("a line is one JSON object with time, level, service, message, fields, and the code of an error", () => {
  const [line = ""] = linesOf({}, (logger) =>
    logger.warn({ port: 8000, err: new CinelakeError("disk_full", "No space\nleft") }, "slow"),
  );
  expect(line.trimEnd()).not.toContain("\n");
  expect(JSON.parse(line)).toMatchObject({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    level: "warn",
    service: "api",
    msg: "slow",
    port: 8000,
    err: { code: "disk_full", message: "No space\nleft" },
  });
});

test("the level decides, and children keep the service", () => {
  const lines = linesOf({ level: "warn" }, (logger) => {
    logger.info("quiet");
    logger.child({ topic: "t" }).error("loud");
  });
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([{ service: "api", topic: "t", msg: "loud" }]);
});

test("secrets are masked under their usual names", () => {
  const lines = linesOf({}, (logger) =>
    logger.info({ password: "hush", headers: { authorization: "hush" }, config: { api_key: "hush", token: "hush" } }),
  );
  expect(lines.join()).not.toContain("hush");
});

test("lines for people have no braces, the error's code, and no stack unless debugging", () => {
  const [info = "", debug = ""] = linesOf({ pretty: true, level: "debug" }, (logger) => {
    logger.info({ port: 8000, err: new CinelakeError("disk_full", "No space") }, "listening");
    logger.debug({ err: new Error("x") }, "detail");
  });
  expect(info).toMatch(/^\d\d:\d\d:\d\d info {2}api listening port=8000 \(disk_full: No space\)\n$/);
  expect(debug).toContain("Error: x\n    at ");
});

test("a process logs JSON to standard error when that is no terminal, written before it exits, and leaves standard output alone", () => {
  const script =
    'import { createLogger } from "@cinelake/runtime"; createLogger({ service: "x" }).info("bye"); process.exit(3);';
  const result = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    encoding: "utf8",
  });
  expect(result).toMatchObject({ status: 3, stdout: "" });
  expect(JSON.parse(result.stderr)).toMatchObject({ msg: "bye" });
});
