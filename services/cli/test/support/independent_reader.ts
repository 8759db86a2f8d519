import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../../tests/independent_reader/read_tables.mjs", import.meta.url));

/** Rows of Delta tables below `lake` by path, as another engine reads them. Fails if it refuses one. */
export async function readIndependently(
  lake: string,
  paths: readonly string[],
): Promise<Map<string, Record<string, unknown>[]>> {
  const folders = new Map(paths.map((path) => [join(lake, path), path]));
  const child = spawn(process.execPath, [program, ...folders.keys()], {
    cwd: lake,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
  const tables = new Map<string, Record<string, unknown>[]>();
  let rows: Record<string, unknown>[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "") continue;
    const row = JSON.parse(line) as Record<string, unknown>;
    const path = folders.get(row.table as string);
    if (path === undefined) rows.push(row);
    else tables.set(path, (rows = []));
  }
  const code = await exit;
  if (code !== 0) throw new Error(`the independent reader ended with ${code} after ${[...tables.keys()].at(-1)}`);
  return tables;
}
