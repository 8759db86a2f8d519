import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createLogger, runService, type Service } from "@cinelake/runtime";

interface Outcome {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly log: readonly { level: string; msg: string; err?: { message: string; code?: string } }[];
}

/** Runs the probe; each line of its output may be answered with signals. */
async function run(
  behaviour: string,
  answers: Readonly<Record<string, readonly NodeJS.Signals[]>> = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "fixtures/service_process.ts"), behaviour]);
  const closed = once(child, "close") as Promise<[number | null]>;
  const errors = text(child.stderr);
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    for (const signal of answers[line] ?? []) child.kill(signal);
  }
  const log = (await errors)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Outcome["log"][number]);
  return { code: (await closed)[0], lines, log };
}

describe.concurrent("a process", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s stops the service once and ends with 0", async (signal) => {
    const { code, lines, log } = await run("", { started: [signal] });
    expect(lines).toEqual(["started", "stopping", "stopped", "code 0"]);
    expect(code).toBe(0);
    expect(log.map(({ msg }) => msg)).toEqual(["probe started", "probe stopping", "probe stopped"]);
  });

  test("a second signal ends the process at once with 130", async () => {
    const { code, lines } = await run("endless_stop", { started: ["SIGINT"], stopping: ["SIGTERM"] });
    expect({ code, lines }).toEqual({ code: 130, lines: ["started", "stopping"] });
  });

  test("a signal during the start stops what has been started", async () => {
    const { code, lines } = await run("slow_start", { starting: ["SIGTERM"] });
    expect(code).toBe(0);
    expect(lines).toEqual(expect.arrayContaining(["started", "stopped", "code 0"]));
  });

  test.each([
    ["throws", "first line\nsecond line"],
    ["rejects", "nobody cares"],
    ["rejects_with_text", "just text"],
  ])("an error that nobody catches (%s) is one line in the log and exit code 1", async (behaviour, message) => {
    const { code, lines, log } = await run(behaviour);
    expect({ code, lines }).toEqual({ code: 1, lines: ["started"] });
    expect(log.at(-1)).toMatchObject({ level: "fatal", msg: "uncaught error", err: { message } });
  });

  test.each([
    ["bad_start", 1, "no luck", undefined],
    ["bad_config", 2, "PORT must be integer 1..65535", "config_invalid"],
  ])(
    "a start that fails (%s) is logged with its code and ends with %i",
    async (behaviour, expected, message, errorCode) => {
      const { code, log } = await run(behaviour);
      expect(code).toBe(expected);
      expect(log).toHaveLength(1);
      expect(log[0]).toMatchObject({ level: "fatal", msg: "probe failed", err: { message } });
      expect(log[0]?.err?.code).toBe(errorCode);
    },
  );

  test.each([
    ["bad_setting", 2, "LOG_URL must be a URL", "config_invalid"],
    ["bad_port", 1, "no broker answers", "log_unavailable"],
  ])(
    "what fails before the start (%s) is one line in the log and ends with %i",
    async (behaviour, expected, message, errorCode) => {
      const { code, log } = await run(behaviour);
      expect(code).toBe(expected);
      expect(log).toHaveLength(1);
      expect(log[0]).toMatchObject({ level: "fatal", msg: "uncaught error", err: { message, code: errorCode } });
    },
  );

  test("a stop that fails or takes too long ends with 1 and says so", async () => {
    const [failed, stuck] = await Promise.all([
      run("bad_stop", { started: ["SIGINT"] }),
      run("stuck_stop", { started: ["SIGINT"] }),
    ]);
    expect(failed).toMatchObject({
      code: 1,
      log: expect.arrayContaining([expect.objectContaining({ level: "fatal" })]),
    });
    expect(stuck.code).toBe(1);
    expect(stuck.log.map(({ err }) => err?.message)).toContain("probe did not stop within 100 ms");
  });

  test("what keeps the process alive after the stop is named, and does not keep it for long", async () => {
    const { code, log } = await run("leak", { started: ["SIGINT"] });
    expect(code).toBe(0);
    expect(log.at(-1)).toMatchObject({ level: "warn", open: expect.arrayContaining(["Timeout"]) });
  });
});

test("an abort stops the service too, and no listener stays behind", async () => {
  const names = ["SIGINT", "SIGTERM", "uncaughtException", "unhandledRejection"];
  const listeners = () => names.map((name) => process.listenerCount(name));
  const before = listeners();
  const events: string[] = [];
  const service: Service = {
    name: "probe",
    start: async () => void events.push("start"),
    stop: async () => void events.push("stop"),
    health: async () => undefined,
  };
  const controller = new AbortController();
  const running = runService(service, {
    logger: createLogger({ service: "probe", level: "silent" }),
    signal: controller.signal,
  });
  expect(listeners()).toEqual(before.map((count) => count + 1));
  controller.abort();
  expect(await running).toBe(0);
  expect(events).toEqual(["start", "stop"]);
  expect(listeners()).toEqual(before);
});
