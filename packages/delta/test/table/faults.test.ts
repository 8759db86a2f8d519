import { faulty, type FaultPlan } from "@cinelake/testkit";
import { CinelakeError } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import { createTable, openOrCreateTable, openTable } from "@cinelake/delta";
import { codeOf, keysBelow, openLake, rowsOf, struct } from "../support/tables.ts";

const schema = struct({ "id!": "long" });

/** Errors for the first `times` calls of a method on a key that holds `part`. */
function failing(
  when: "before" | "after",
  method: string,
  part: string,
  times = 1,
  error = new Error("connection lost"),
): FaultPlan {
  let left = times;
  return {
    [when]: (name: string, args: readonly unknown[]) =>
      name === method && String(args[0]).includes(part) && left-- > 0 ? error : undefined,
  };
}

describe("commit", () => {
  test.each([
    ["answer lost", failing("after", "putIfAbsent", ".json")],
    ["answer lost several times", failing("after", "putIfAbsent", ".json", 3)],
    ["request lost", failing("before", "putIfAbsent", ".json")],
    ["request lost several times", failing("before", "putIfAbsent", ".json", 3)],
  ])("a_commit_happens_once: %s", async (_name, plan) => {
    await using lake = await openLake();
    await createTable(lake.context, { schema });
    const table = await openTable({ ...lake.context, store: faulty(lake.store, plan) });
    expect(await table.append({ rows: [{ id: 1 }] })).toMatchObject({ version: 1, committed: true });
    expect(await rowsOf(table)).toEqual([{ id: 1 }]);
    expect((await table.snapshot()).version).toBe(1);
  });

  test("a_store_that_stays_away_is_reported, and the files stay for a commit that may have landed", async () => {
    await using lake = await openLake();
    await createTable(lake.context, { schema });
    const table = await openTable({
      ...lake.context,
      store: faulty(lake.store, failing("before", "putIfAbsent", ".json", 99)),
    });
    await expect(table.append({ rows: [{ id: 1 }] })).rejects.toThrow("connection lost");
    expect((await keysBelow(lake.store, "lake/t/part-")).length).toBe(1);
    expect((await table.snapshot()).version).toBe(0);
  });

  test("an_answer_lost_to_another_writer_is_no_commit_of_ours", async () => {
    await using lake = await openLake();
    await createTable(lake.context, { schema });
    const other = await openTable(lake.context);
    let raced = false;
    const store = faulty(lake.store, {
      before: (method, args) =>
        method === "putIfAbsent" && String(args[0]).endsWith("1.json") && raced ? new Error("timeout") : undefined,
    });
    const slow: typeof store = new Proxy(store, {
      get: (target, property) =>
        property === "putIfAbsent"
          ? async (key: string, bytes: Uint8Array) => {
              if (!raced) await other.append({ rows: [{ id: 2 }] });
              raced = true;
              return target.putIfAbsent(key, bytes);
            }
          : Reflect.get(target, property),
    });
    const table = await openTable({ ...lake.context, store: slow });
    expect((await table.append({ rows: [{ id: 1 }] })).version).toBe(2);
    expect((await rowsOf(table)).length).toBe(2);
  });

  test("creation_with_a_lost_answer_is_creation", async () => {
    await using lake = await openLake();
    const store = faulty(lake.store, failing("after", "putIfAbsent", ".json"));
    expect((await (await createTable({ ...lake.context, store }, { schema })).snapshot()).version).toBe(0);
    expect((await (await openOrCreateTable({ ...lake.context, store }, { schema })).snapshot()).version).toBe(0);
  });
});

test.each([
  ["checkpoint", "putFile", ".checkpoint.parquet"],
  ["_last_checkpoint", "put", "_last_checkpoint"],
])("a_commit_stands_without_its_checkpoint: %s cannot be written", async (_name, method, part) => {
  await using lake = await openLake();
  const failures: unknown[] = [];
  const store = faulty(lake.store, failing("before", method, part));
  const context = { ...lake.context, store, onCheckpointError: (error: unknown) => void failures.push(error) };
  const table = await createTable(context, { schema, configuration: { "delta.checkpointInterval": "2" } });
  for (let id = 1; id <= 4; id++) await table.append({ rows: [{ id }] });
  expect(failures).toHaveLength(1);
  expect((await rowsOf(await openTable(lake.context))).length).toBe(4);
});

test("a_data_file_that_cannot_be_stored_is_no_commit, and its siblings go", async () => {
  await using lake = await openLake();
  const full = new CinelakeError("disk_full", "no space");
  const plan = failing("before", "putFile", "p=b", 1, full);
  const table = await createTable(
    { ...lake.context, store: faulty(lake.store, plan) },
    { schema: struct({ id: "long", p: "string" }), partitionColumns: ["p"] },
  );
  const rows = ["a", "b", "c"].map((p, id) => ({ id, p }));
  expect(await codeOf(table.append({ rows }))).toBe("disk_full");
  expect((await keysBelow(lake.store, "lake/t/p=")).length).toBe(0);
  expect(await table.append({ rows })).toMatchObject({ version: 1, addedRows: 3 });
});

test("a_listing_beside_two_commits_is_made_again: the second without the first is no damage", async () => {
  await using lake = await openLake();
  await createTable(lake.context, { schema });
  let hidden = false;
  const store = new Proxy(lake.store, {
    get(target, property) {
      if (property !== "list") {
        const value: unknown = Reflect.get(target, property);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async function* (prefix: string, options?: { startAfter?: string }) {
        const hide = !hidden;
        for await (const info of target.list(prefix, options)) {
          if (hide && info.key.endsWith("2.json")) hidden = true;
          else yield info;
        }
      };
    },
  });
  const reader = await openTable({ ...lake.context, store });
  const writer = await openTable(lake.context);
  for (let id = 1; id <= 6; id++) await writer.append({ rows: [{ id }] });
  expect((await reader.snapshot()).version).toBe(6);
  expect(hidden).toBe(true);
});
