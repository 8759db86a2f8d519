import { expect, test } from "vitest";
import { startLineProcess } from "../src/line_process.ts";

/** Answers with what it is asked, fails on request, and ends on request. */
const echo = `
process.stdin.setEncoding("utf8");
let rest = "";
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const { say, fail, end } = JSON.parse(line);
    if (end !== undefined) process.exit(end);
    console.log(JSON.stringify(fail === undefined ? { result: say } : { error: fail }));
  }
});`;

test("answers_come_in_the_order_of_the_calls, whatever characters they hold", async () => {
  await using child = startLineProcess(process.execPath, ["-e", echo]);
  const texts = ["a", "line\nfeed", "\u2028\u2029", "\u{1f600}", "x".repeat(200_000)];
  expect(await Promise.all(texts.map((say) => child.call({ say })))).toEqual(texts);
});

test("an_error_fails_its_own_call_only", async () => {
  await using child = startLineProcess(process.execPath, ["-e", echo]);
  const calls = [child.call({ say: 1 }), child.call({ fail: "no such table" }), child.call({ say: 2 })];
  const [first, second, third] = await Promise.allSettled(calls);
  expect([first, third]).toMatchObject([{ value: 1 }, { value: 2 }]);
  expect(String((second as PromiseRejectedResult).reason)).toContain("no such table");
});

test("a_program_that_ends_or_is_not_there_fails_the_call", async () => {
  await using child = startLineProcess(process.execPath, ["-e", echo]);
  await expect(child.call({ end: 3 })).rejects.toThrow("it ended with 3");
  await using nothing = startLineProcess("/no/such/program", []);
  await expect(nothing.call({})).rejects.toThrow("ENOENT");
});
