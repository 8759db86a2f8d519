import { temporaryDirectory } from "@cinelake/testkit";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTable, openTable, type CommitResult, type DeltaTable, type Row } from "@cinelake/delta";
import { fileKey, type AddFile } from "../../src/log/actions.ts";
import { loadState } from "../../src/log/load.ts";
import { planBins } from "../../src/table/optimize_plan.ts";
import { keysOfFile } from "../../src/table/vacuum_keys.ts";
import { copyGoldenTable, withGoldenTables } from "../support/golden.ts";
import { beforeCommit, codeOf, commitOf, keysBelow, openLake, rowsOf, struct, type Lake } from "../support/tables.ts";

const schema = struct({ "id!": "long", p: "string" });
const day = 86_400_000;
const vector = { storageType: "i", pathOrInlineDv: "x", sizeInBytes: 1, cardinality: 1 };

function file(path: string, size: number, p: string | null = null, withVector = false): AddFile {
  const add = { path, size, partitionValues: { p }, modificationTime: 0, dataChange: true };
  return withVector ? { ...add, deletionVector: vector } : add;
}

/** A table whose partition x has three files, y two, null one. */
async function sixFiles(lake: Lake, configuration: Record<string, string> = {}): Promise<DeltaTable> {
  const table = await createTable(lake.context, { schema, partitionColumns: ["p"], configuration });
  for (const p of ["x", "x", "x", "y", "y", null])
    await table.append({
      rows: [
        { id: 1, p },
        { id: 2, p },
      ],
    });
  return table;
}

describe("the plan", () => {
  test("bins_hold_small_files_of_one_partition: each once, none over the target, no two that fit together", () => {
    const target = 100;
    const files = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 150 }), p: fc.constantFrom("x", "y", null), dv: fc.boolean() }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(files, (given) => {
        const all = given.map(({ size, p, dv }, index) => file(String(index), size, p, dv));
        const bins = planBins(all, target);
        const planned = bins.flat();
        expect(new Set(planned).size).toBe(planned.length);
        const sum = (bin: readonly AddFile[]): number => bin.reduce((total, { size }) => total + size, 0);
        for (const bin of bins) {
          expect(new Set(bin.map(({ partitionValues }) => partitionValues.p)).size).toBe(1);
          if (bin.length > 1) expect(sum(bin)).toBeLessThanOrEqual(target);
          else expect(bin[0]!.deletionVector).toBeDefined();
        }
        const left = all.filter((each) => !planned.includes(each));
        expect(left.filter(({ deletionVector }) => deletionVector)).toEqual([]);
        const groups = [...bins, ...left.filter(({ size }) => size < target * 0.75).map((each) => [each])];
        for (const [index, a] of groups.entries()) {
          for (const b of groups.slice(index + 1)) {
            if (a[0]!.partitionValues.p !== b[0]!.partitionValues.p) continue;
            expect(sum(a) + sum(b)).toBeGreaterThan(target);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("with_min_files a table that gains a file at a time rewrites a byte no more often than it has tiers", () => {
    const target = 4096;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 600 }), (sizes) => {
        let files: AddFile[] = [];
        let rewritten = 0;
        const bytes = (bin: readonly AddFile[]): number => bin.reduce((total, { size }) => total + size, 0);
        sizes.forEach((size, index) => {
          files.push(file(`new ${index}`, size, "x", false));
          for (const [number, bin] of planBins(files, target, 4).entries()) {
            expect(bin.length).toBeGreaterThanOrEqual(4);
            rewritten += bytes(bin);
            files = [
              ...files.filter((each) => !bin.includes(each)),
              file(`${index} ${number}`, bytes(bin), "x", false),
            ];
          }
        });
        expect(bytes(files)).toBe(sizes.reduce((total, size) => total + size, 0));
        const tiers = Math.ceil(Math.log(target) / Math.log(4));
        expect(rewritten).toBeLessThanOrEqual(tiers * bytes(files));
        expect(files.length).toBeLessThanOrEqual(3 * tiers + 1 + bytes(files) / (target / 4));
      }),
      { numRuns: 100 },
    );
  });

  test("files_of_one_time_stay_together, and null and the empty text are one partition", () => {
    const files = [file("a", 40, ""), file("b", 50, null), file("c", 40, null), file("d", 50, "")];
    expect(planBins(files, 100).map((bin) => bin.map(({ path }) => path))).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });
});

test("small_files_become_one_for_each_partition, in one commit that changes no row", async () => {
  await using lake = await openLake();
  const table = await sixFiles(lake);
  const before = await rowsOf(table);
  const bytes = (await table.describe()).bytes;
  const result = await table.optimize();
  expect(result).toMatchObject({ version: 7, committed: true, addedFiles: 2, removedFiles: 5 });
  expect(await rowsOf(table)).toEqual(before);
  expect(await rowsOf(table, 6)).toEqual(before);
  const described = await table.describe();
  expect(described).toMatchObject({ files: 3, rows: 12, bytes: bytes + result.addedBytes - result.removedBytes });
  const actions = await commitOf(lake, 7);
  expect(actions.flatMap(({ add, remove }) => (add ?? remove)?.dataChange ?? [])).toEqual(Array(7).fill(false));
  expect(actions[0]!.commitInfo).toMatchObject({
    operation: "OPTIMIZE",
    operationParameters: { predicate: "[]", zOrderBy: "[]", targetFileSize: String(2 ** 27) },
    isolationLevel: "SnapshotIsolation",
    operationMetrics: {
      numAddedFiles: "2",
      numRemovedFiles: "5",
      numAddedBytes: String(result.addedBytes),
      numRemovedBytes: String(result.removedBytes),
      numDeletionVectorsRemoved: "0",
    },
  });
});

test("nothing_to_do_is_no_commit", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema });
  const nothing = { committed: false, addedFiles: 0, removedFiles: 0, addedBytes: 0, removedBytes: 0 };
  expect(await table.optimize()).toEqual({ version: 0, ...nothing });
  for (let id = 0; id < 3; id++) await table.append({ rows: [{ id }] });
  expect(await table.optimize({ targetFileSize: 100 })).toEqual({ version: 3, ...nothing });
  expect(await table.optimize()).toMatchObject({ version: 4, committed: true });
  expect(await table.optimize()).toEqual({ version: 4, ...nothing });
});

test("where_names_partitions, and nothing else", async () => {
  await using lake = await openLake();
  const table = await sixFiles(lake);
  const result = await table.optimize({ where: [{ column: "p", op: "=", value: "y" }] });
  expect(result).toMatchObject({ addedFiles: 1, removedFiles: 2 });
  expect(await codeOf(table.optimize({ where: [{ column: "id", op: "=", value: 1 }] }))).toBe("invalid_argument");
  expect(await codeOf(table.optimize({ targetFileSize: 0 }))).toBe("invalid_argument");
});

test("the_target_size_bounds_files: the option before the table's property", async () => {
  await using lake = await openLake();
  const table = await createTable(lake.context, { schema, configuration: { "delta.targetFileSize": "100mb" } });
  for (let part = 0; part < 6; part++) {
    await table.append({
      sql: `SELECT (hash(i) >> 2)::BIGINT AS id FROM range(${part * 3000}, ${part * 3000 + 3000}) AS r(i)`,
    });
  }
  const { bytes } = await table.describe();
  expect(await table.optimize({ targetFileSize: bytes / 3 + 2000 })).toMatchObject({ addedFiles: 3, removedFiles: 6 });
  expect(await table.optimize()).toMatchObject({ addedFiles: 1, removedFiles: 3 });
});

test("an_append_only_table_can_be_optimized, and a mapped one keeps its columns", async () => {
  await using lake = await openLake();
  const configuration = {
    "delta.appendOnly": "true",
    "delta.columnMapping.mode": "name",
    "delta.enableInCommitTimestamps": "true",
  };
  const table = await sixFiles(lake, configuration);
  const { timestamp } = await table.snapshot();
  expect(await table.optimize({ where: [{ column: "p", op: "=", value: "x" }] })).toMatchObject({ removedFiles: 3 });
  const adds = (await commitOf(lake, 7)).flatMap(({ add }) => (add ? [add] : []));
  const [{ stats, partitionValues } = expect.fail("nothing added")] = adds as unknown as AddFile[];
  const fields = (await table.snapshot()).schema.fields.map(
    ({ metadata }) => metadata["delta.columnMapping.physicalName"],
  );
  expect(Object.keys(partitionValues)).toEqual([fields[1]]);
  expect(Object.keys((JSON.parse(stats!) as { minValues: object }).minValues)).toEqual([fields[0]]);
  expect((await table.snapshot()).timestamp).toBeGreaterThan(timestamp);
});

test("one_bin_is_open_at_a_time: each bin's files are let go before the next bin's are asked for", async () => {
  await using lake = await openLake();
  const table = await sixFiles(lake);
  let open = 0;
  let most = 0;
  const store = new Proxy(lake.store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (property !== "localFile") return typeof value === "function" ? value.bind(target) : value;
      return async (key: string) => {
        most = Math.max(most, ++open);
        const local = await target.localFile(key);
        const release = async (): Promise<void> => {
          open--;
          await local[Symbol.asyncDispose]();
        };
        return { path: local.path, [Symbol.asyncDispose]: release };
      };
    },
  });
  await table.snapshot();
  expect(await (await openTable({ ...lake.context, store })).optimize()).toMatchObject({ removedFiles: 5 });
  expect([open, most]).toEqual([0, 3]);
});

type Write = (table: DeltaTable) => Promise<CommitResult>;

/** Runs `early` right before the optimizing commit is put. */
async function race(lake: Lake, early: Write): Promise<{ outcome: string; before: Row[]; table: DeltaTable }> {
  const table = await sixFiles(lake);
  const before = await rowsOf(table);
  const store = beforeCommit(lake.store, () => early(table));
  const other = await openTable({ ...lake.context, store });
  return { outcome: await codeOf(other.optimize()), before, table };
}

const row = { id: 9, p: "x" };

test.each<[string, Write, string, (before: Row[]) => Row[]]>([
  ["an append", (t) => t.append({ rows: [row] }), "no error", (b) => [...b, row]],
  [
    "a delete elsewhere",
    (t) => t.delete({ where: [{ column: "p", op: "is null" }] }),
    "no error",
    (b) => b.filter(({ p }) => p !== null),
  ],
  [
    "a delete in a compacted file",
    (t) => t.delete({ where: [{ column: "p", op: "=", value: "y" }] }),
    "delta_conflict",
    (b) => b.filter(({ p }) => p !== "y"),
  ],
  ["another optimize", (t) => t.optimize().then((r) => ({ ...r, addedRows: 0 })), "delta_conflict", (b) => b],
  ["new properties", (t) => t.alter({ setProperties: { k: "v" } }), "delta_conflict", (b) => b],
])("optimize_minds_only_its_own_files: beside %s", async (_name, early, outcome, rows) => {
  await using lake = await openLake();
  const result = await race(lake, early);
  expect(result.outcome).toBe(outcome);
  const sort = (list: readonly Row[]): string[] => list.map((each) => JSON.stringify(each)).sort();
  expect(sort(await rowsOf(result.table))).toEqual(sort(rows(result.before)));
});

withGoldenTables(() => {
  test.each([["dv-partitioned-with-checkpoint"], ["dv-with-columnmapping"]])(
    "deletion_vectors_go: files that have one are rewritten without the deleted rows, vacuum takes vectors, restore brings them back: %s",
    async (name) => {
      await using directory = await temporaryDirectory();
      await copyGoldenTable(name, `${directory.path}/lake/t`);
      await using lake = await openLake(directory.path);
      const table = await openTable(lake.context);
      const before = await rowsOf(table);
      const files = async (): Promise<AddFile[]> => Array.from((await loadState(lake.context))!.files.values());
      const old = await files();
      const { version } = await table.snapshot();
      expect(old.filter(({ deletionVector }) => deletionVector).length).toBeGreaterThan(0);
      expect(await table.optimize({ targetFileSize: 1 })).toMatchObject({ version: version + 1, committed: true });
      expect(await rowsOf(await openTable(lake.context))).toEqual(before);
      expect((await files()).filter(({ deletionVector }) => deletionVector)).toEqual([]);
      expect(await table.optimize({ targetFileSize: 1 })).toMatchObject({ committed: false });

      await table.restore({ version });
      expect(await rowsOf(table)).toEqual(before);
      expect(new Set((await files()).map(fileKey))).toEqual(new Set(old.map(fileKey)));
      const vectors = async (): Promise<string[]> =>
        (await keysBelow(lake.store, "lake/t/")).filter((key) => key.endsWith(".bin"));
      const kept = new Set(old.flatMap((each) => keysOfFile(lake.context, each)));
      const late = await openTable({ ...lake.context, now: () => Date.now() + 10 * day });
      await late.vacuum();
      expect(new Set(await vectors())).toEqual(new Set(Array.from(kept).filter((key) => key.endsWith(".bin"))));
      expect(await rowsOf(table)).toEqual(before);
      await late.optimize({ targetFileSize: 1 });
      const later = await openTable({ ...lake.context, now: () => Date.now() + 20 * day });
      await later.vacuum();
      expect(await vectors()).toEqual([]);
      expect(await rowsOf(later)).toEqual(before);
      expect(await codeOf(later.restore({ version }))).toBe("object_not_found");
    },
  );
});
