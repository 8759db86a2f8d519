import { createRequire, syncBuiltinESMExports } from "node:module";
import type * as fs from "node:fs/promises";
import type { DeltaTable } from "@cinelake/delta";

/**
 * A process that opens the table `t` of a lake, does one operation, and prints the file-system calls that the operation made, one a line.
 * With `killAt` it kills itself right before the call of that number (from 0).
 */
const [root, operation, killAt] = process.argv.slice(2) as [string, string, string | undefined];

/** Calls that change what is on disk, in `node:fs/promises` and on its file handles. */
const CALLS = ["open", "link", "rename", "rm", "unlink", "mkdir", "copyFile"] as const;
const HANDLE_CALLS = ["writeFile", "sync"] as const;

const calls: string[] = [];
let isCounting = false;
function reached(call: string): void {
  if (!isCounting) return;
  if (calls.length === Number(killAt ?? -1)) process.kill(process.pid, "SIGKILL");
  calls.push(call);
}

const disk = createRequire(import.meta.url)("node:fs/promises") as Record<string, (...args: unknown[]) => unknown>;
for (const name of CALLS) {
  const original = disk[name]!;
  disk[name] = async (...args: unknown[]) => {
    // Opening to read changes nothing.
    if (name !== "open" || args[1] === "wx")
      reached(`${name} ${kindOf(String(args.at(name === "link" || name === "rename" ? 1 : 0)))}`);
    const result = await original(...args);
    return name === "open" ? watched(result as fs.FileHandle, kindOf(String(args[0]))) : result;
  };
}
syncBuiltinESMExports();

function watched(handle: fs.FileHandle, kind: string): fs.FileHandle {
  for (const name of HANDLE_CALLS) {
    const original = handle[name].bind(handle) as (...args: unknown[]) => unknown;
    Object.defineProperty(handle, name, {
      value: (...args: unknown[]) => {
        reached(`${name} ${kind}`);
        return original(...args);
      },
    });
  }
  return handle;
}

/** A path without what differs from run to run. */
function kindOf(path: string): string {
  return path
    .slice(path.startsWith(root) ? root.length : 0)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "*")
    .replace(/staging\/[^/]+/, "staging/*");
}

const OPERATIONS: Readonly<Record<string, (table: DeltaTable) => Promise<unknown>>> = {
  append: (table) => table.append({ rows: [{ id: 100, p: "x" }] }, once()),
  checkpoint: (table) => table.checkpoint(),
  delete: (table) => table.delete({ condition: "id % 2 = 0" }),
  merge: (table) =>
    table.merge(
      {
        rows: [
          { id: 1, p: "merged" },
          { id: 100, p: "new" },
        ],
      },
      { key: ["id"] },
    ),
  optimize: (table) => table.optimize(),
  vacuum: (table) => table.vacuum({ retentionHours: 0, force: true }),
  restore: (table) => table.restore({ version: 2 }),
};

function once(): { transactions: [{ appId: string; version: number; expected: undefined }] } {
  return { transactions: [{ appId: "test", version: 1, expected: undefined }] };
}

const { openObjectStore } = await import("@cinelake/object_store");
const { openSqlEngine, openTable } = await import("@cinelake/delta");
await using store = await openObjectStore(root);
await using engine = await openSqlEngine({ threads: 1, memoryLimit: "256MB" });
const table = await openTable({ store, path: "t", engine });
isCounting = true;
await OPERATIONS[operation]!(table);
isCounting = false;
process.stdout.write(calls.join("\n"));
