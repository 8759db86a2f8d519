// ClickHouse in this process (with delta-kernel-rs inside) behind JSON lines: a request {"sql": TEXT} on standard input, an answer
// {"result": ROWS} or {"error": TEXT} on standard output for each, until the input ends. Nothing of it is ours.
// ClickHouse reads absolute paths below the working directory only, so start it in (or above) the lake.
import { createInterface } from "node:readline";
import { Session } from "chdb";

const session = new Session();
for await (const line of createInterface({ input: process.stdin })) {
  try {
    // Rows go on as the text that ClickHouse wrote: -0 and digits beyond doubles would not survive JavaScript.
    const rows = session.query(JSON.parse(line).sql, "JSONEachRow").split("\n").filter(Boolean);
    process.stdout.write(`{"result":[${rows.join(",")}]}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
session.cleanup();
