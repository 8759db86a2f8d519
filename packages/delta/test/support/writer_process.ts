import { faulty } from "@cinelake/testkit";
import { openObjectStore } from "@cinelake/object_store";
import { openSqlEngine, openTable } from "@cinelake/delta";

/**
 * A process that appends rows (writer, n) up to a last n, one commit each, going on where its `txn` stands, and prints each n once it is
 * committed. `killAt`, e.g. `after putIfAbsent 2`, kills it at the second such call; `seconds` ends it after that time.
 */
const [root, writer, last, killAt, seconds = "Infinity"] = process.argv.slice(2) as [
  string,
  string,
  string,
  string | undefined,
  string | undefined,
];
const end = Date.now() + Number(seconds) * 1000;
const [when, method, count] = killAt?.split(" ") ?? [];
let left = Number(count ?? 0);
const die = (moment: string) => (name: string) => {
  if (when === moment && name === method && --left === 0) process.kill(process.pid, "SIGKILL");
  return undefined;
};
await using opened = await openObjectStore(root);
const store = faulty(opened, { before: die("before"), after: die("after") });
await using engine = await openSqlEngine({ threads: 1, memoryLimit: "256MB" });
const table = await openTable({ store, path: "t", engine });
let done = (await table.snapshot()).transaction(writer) ?? 0;
while (done < Number(last) && Date.now() < end) {
  const n = done + 1;
  await table.append(
    { rows: [{ writer, n }] },
    { transactions: [{ appId: writer, version: n, expected: done === 0 ? undefined : done }] },
  );
  done = n;
  process.stdout.write(`${n}\n`);
}
