import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openTable } from "@cinelake/delta";
import type { Lake } from "./tables.ts";

const program = fileURLToPath(new URL("./writer_process.ts", import.meta.url));

/** Runs a writer to its end; resolves to what it said was committed, and the signal that ended it. */
export function runWriter(
  root: string,
  writer: string,
  last: number,
  killAt = "",
  seconds = Infinity,
): Promise<{ committed: number[]; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, root, writer, String(last), killAt, String(seconds)]);
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code) reject(new Error(`writer ${writer} failed: ${errors}`));
      else resolve({ committed: output.trim().split("\n").filter(Boolean).map(Number), signal });
    });
  });
}

/** What the table `t` holds of each writer. */
export async function counts(lake: Lake): Promise<unknown[]> {
  await using scan = await (await (await openTable({ ...lake.context, path: "t" })).snapshot()).scan();
  return await lake.engine.rows(
    `SELECT writer, count(*) AS rows, count(DISTINCT n) AS distinct_rows, max(n) AS last FROM ${scan.sql} GROUP BY writer ORDER BY writer`,
  );
}
