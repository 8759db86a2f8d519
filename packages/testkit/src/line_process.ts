import { spawn } from "node:child_process";

/** A program that answers each line of JSON with one: `{"result": ...}` or `{"error": TEXT}`. Ended by its scope. */
export interface LineProcess extends AsyncDisposable {
  /** Calls of the same process are answered in their order. Fails with the program's error, or when it ends. */
  call(request: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export function startLineProcess(program: string, args: readonly string[], cwd?: string): LineProcess {
  const child = spawn(program, args, { cwd, stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(String(error)));
    child.on("close", (code) => resolve(`it ended with ${code}`));
  });
  const lines = linesOf(child.stdout.setEncoding("utf8"));
  let last: Promise<unknown> = Promise.resolve();
  child.stdin.on("error", () => {}); // a program that has ended is reported by `ended`

  const ask = async (request: Readonly<Record<string, unknown>>): Promise<unknown> => {
    // Readers of lines may take these characters for the end of one.
    const text = JSON.stringify(request).replace(/[\u2028\u2029]/g, (end) => `\\u${end.charCodeAt(0).toString(16)}`);
    child.stdin.write(`${text}\n`);
    const line = await lines.next();
    if (line.done) throw new Error(`${program} gave no answer: ${await ended}`);
    const { result, error } = JSON.parse(line.value) as { result?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${error} (asked for ${JSON.stringify(request).slice(0, 500)})`);
    return result;
  };
  return {
    call(request) {
      const answer = last.then(() => ask(request));
      last = answer.catch(() => {});
      return answer;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Lines that end with a line feed; Node's readline would also split at U+2028, which JSON holds as it is. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string, void> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
