import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@cinelake/testkit";
import { openObjectStore } from "@cinelake/object_store";
import { expect, test } from "vitest";
import { openSqlEngine, openTable } from "@cinelake/delta";
import { rowsOf } from "./support/tables.ts";

test("the_readme's_examples_run", async () => {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const readme = await readFile(`${folder}/README.md`, "utf8");
  const examples = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!);
  expect(examples.length).toBe(2);
  await using directory = await temporaryDirectory();
  for (const code of examples) {
    const program = code.replace("/tmp/lake", directory.path);
    execFileSync(process.execPath, ["--input-type=module-typescript", "-e", program], { cwd: folder });
  }
  await using store = await openObjectStore(directory.path);
  await using engine = await openSqlEngine({ threads: 1 });
  const table = await openTable({ store, engine, path: "silver/ratings" });
  expect(await rowsOf(table)).toEqual([{ user_id: 2, rating: 3, event_date: "2026-02-01" }]);
});
