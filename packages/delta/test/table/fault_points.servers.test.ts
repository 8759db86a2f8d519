import { spawn } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { createTable, openTable, type DeltaTable } from "@cinelake/delta";
import { openLake, rowsOf, struct } from "../support/tables.ts";

const program = fileURLToPath(new URL("../support/fault_point_process.ts", import.meta.url));

/** Runs the operation in a process of its own; resolves to the calls that it printed and the signal that ended it. */
function run(root: string, operation: string, killAt?: number): Promise<{ calls: string[]; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [
      program,
      root,
      operation,
      ...(killAt === undefined ? [] : [String(killAt)]),
    ]);
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => (output += data.toString()));
    child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code) reject(new Error(`${operation} failed: ${errors}`));
      else resolve({ calls: output.split("\n"), signal });
    });
  });
}

/** A table with several small files, a checkpoint, removed files, and versions 0 to 5: the next commit writes a checkpoint. */
async function prepare(root: string): Promise<void> {
  await using lake = await openLake(root);
  const context = { ...lake.context, path: "t" };
  const table = await createTable(context, {
    schema: struct({ "id!": "long", p: "string" }),
    partitionColumns: ["p"],
    configuration: { "delta.checkpointInterval": "3" },
  });
  for (let id = 1; id <= 4; id++)
    await table.append({
      rows: [
        { id, p: "x" },
        { id: id + 21, p: "x" },
        { id: id + 10, p: "y" },
      ],
    });
  await table.delete({ condition: "id = 14" });
}

/** The operation again, by a writer that knows only what the table says; then the rows that it must have. */
async function finish(operation: string, table: DeltaTable): Promise<void> {
  const done = (await table.snapshot()).transaction("test") === 1;
  switch (operation) {
    case "append":
      if (done) return;
      await table.append(
        { rows: [{ id: 100, p: "x" }] },
        { transactions: [{ appId: "test", version: 1, expected: undefined }] },
      );
      return;
    case "checkpoint":
      return table.checkpoint();
    case "delete":
      await table.delete({ condition: "id % 2 = 0" });
      return;
    case "merge":
      await table.merge(
        {
          rows: [
            { id: 1, p: "merged" },
            { id: 100, p: "new" },
          ],
        },
        { key: ["id"] },
      );
      return;
    case "optimize":
      await table.optimize();
      return;
    case "vacuum":
      await table.vacuum({ retentionHours: 0, force: true });
      return;
    default:
      await table.restore({ version: 2 });
  }
}

/** Steps that must be among the calls, or the kills miss what they are for. */
const COMMIT = [/^rename .*part-.*parquet/, /^link .*[0-9]{20}.json/];
const CHECKPOINT = [/^rename .*[.]checkpoint[.]parquet/, /^rename .*_last_checkpoint/];

test.each<[string, readonly RegExp[]]>([
  ["append", [...COMMIT, ...CHECKPOINT]],
  ["checkpoint", CHECKPOINT],
  ["delete", COMMIT],
  ["merge", COMMIT],
  ["optimize", COMMIT],
  ["vacuum", [/^unlink .*part-.*parquet/]],
  ["restore", [/^link .*[0-9]{20}.json/]],
])(
  "a_kill_at_every_step_of_%s leaves a table that reads whole and goes on",
  async (operation, steps) => {
    await using folder = await temporaryDirectory();
    const prepared = join(folder.path, "prepared");
    await prepare(prepared);
    const copy = async (name: string): Promise<string> => {
      const root = join(folder.path, name);
      await cp(prepared, root, { recursive: true });
      return root;
    };
    const undisturbed = await copy("undisturbed");
    const { calls } = await run(undisturbed, operation);
    for (const step of steps) expect(calls, String(step)).toContainEqual(expect.stringMatching(step));
    await using before = await openLake(prepared);
    await using after = await openLake(undisturbed);
    const rowsBefore = await rowsOf(await openTable({ ...before.context, path: "t" }));
    const rowsAfter = await rowsOf(await openTable({ ...after.context, path: "t" }));
    const points = calls.map((_, point) => point);
    const attempt = async (point: number): Promise<void> => {
      const root = await copy(`${point}`);
      const where = `${point}: before ${calls[point]}`;
      expect((await run(root, operation, point)).signal, where).toBe("SIGKILL");
      await using lake = await openLake(root);
      const table = await openTable({ ...lake.context, path: "t" });
      expect([rowsBefore, rowsAfter], where).toContainEqual(await rowsOf(table));
      await finish(operation, table);
      expect(await rowsOf(await openTable({ ...lake.context, path: "t" })), where).toEqual(rowsAfter);
      await table.append({ rows: [{ id: 1000, p: "z" }] });
      expect((await rowsOf(table)).length, where).toBe(rowsAfter.length + 1);
    };
    // As many at once as there are processors to keep busy.
    const worker = async (): Promise<void> => {
      for (let point = points.shift(); point !== undefined; point = points.shift()) await attempt(point);
    };
    await Promise.all([worker(), worker()]);
  },
  300_000,
);
