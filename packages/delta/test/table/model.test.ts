import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTable, openTable, type CommitResult, type DeltaTable, type Predicate, type Row } from "@cinelake/delta";
import { openLake, rowsOf, sorted, struct } from "../support/tables.ts";

/** One operation on a table, and what plain loops make of an array of rows. */
interface Operation {
  readonly name: string;
  run(table: DeltaTable): Promise<{ readonly version: number; readonly committed: boolean }>;
  model(before: readonly ModelRow[]): ModelRow[];
}
interface ModelRow {
  readonly id: number;
  readonly p: string | null;
  readonly v: number | null;
}

const partition = fc.constantFrom("x", "y z", "%", null);
const value = fc.option(fc.integer({ min: 0, max: 3 }));
const row = fc.record({ id: fc.integer({ min: 0, max: 12 }), p: partition, v: value });
const rows = fc.array(row, { maxLength: 6 });
const distinct = fc.uniqueArray(row, { maxLength: 6, selector: ({ id }) => id });

/** A filter as predicates, and as a function. */
interface Filter {
  readonly where: readonly Predicate[];
  keeps(row: ModelRow): boolean;
}
const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.constantFrom("x", "y z").map((p) => ({
    where: [{ column: "p", op: "=" as const, value: p }],
    keeps: (r: ModelRow) => r.p === p,
  })),
  fc.integer({ min: 0, max: 12 }).map((id) => ({
    where: [{ column: "id", op: ">=" as const, value: id }],
    keeps: (r: ModelRow) => r.id >= id,
  })),
  fc.tuple(fc.integer({ min: 0, max: 3 }), partition).map(([v, p]) => ({
    where: [
      { column: "v", op: "<=" as const, value: v },
      p === null ? { column: "p", op: "is null" as const } : { column: "p", op: "=" as const, value: p },
    ],
    keeps: (r: ModelRow) => r.v !== null && r.v <= v && r.p === p,
  })),
);

const append = rows.map((given): Operation => ({
  name: `append ${JSON.stringify(given)}`,
  run: (table) => table.append({ rows: given }),
  model: (before) => [...before, ...given],
}));
const overwrite = rows.map((given): Operation => ({
  name: `overwrite ${JSON.stringify(given)}`,
  run: (table) => table.overwrite({ rows: given }),
  model: () => given,
}));
const replaceWhere = fc.tuple(rows, filter).map(([given, { where, keeps }]): Operation => {
  const inside = given.filter(keeps);
  return {
    name: `replace where ${JSON.stringify([where, inside])}`,
    run: (table) => table.overwrite({ rows: inside }, { where }),
    model: (before) => [...before.filter((r) => !keeps(r)), ...inside],
  };
});
const remove = filter.map(({ where, keeps }): Operation => ({
  name: `delete ${JSON.stringify(where)}`,
  run: (table) => table.delete({ where }),
  model: (before) => before.filter((r) => !keeps(r)),
}));
const removeByCondition = fc.integer({ min: 1, max: 4 }).map((divisor): Operation => ({
  name: `delete id % ${divisor} = 0`,
  run: (table) => table.delete({ condition: `id % ${divisor} = 0` }),
  model: (before) => before.filter((r) => r.id % divisor !== 0),
}));
const update = fc.tuple(filter, partition).map(([{ where, keeps }, p]): Operation => ({
  name: `update ${JSON.stringify([where, p])}`,
  run: (table) => table.update({ where, set: { v: { sql: "v + id" }, p: { value: p } } }),
  model: (before) => before.map((r) => (keeps(r) ? { ...r, v: r.v === null ? null : r.v + r.id, p } : r)),
}));
const merge = fc
  .tuple(distinct, fc.boolean(), fc.option(fc.constantFrom("x", "y z"), { nil: undefined }))
  .map(([given, newer, p]): Operation => {
    const where = p === undefined ? [] : [{ column: "p", op: "=" as const, value: p }];
    const matches = (source: ModelRow, target: ModelRow): boolean =>
      source.id === target.id && (p === undefined || target.p === p);
    const isNewer = (mine: ModelRow, theirs: ModelRow): boolean =>
      !newer || (mine.v !== null && theirs.v !== null && mine.v > theirs.v);
    return {
      name: `merge ${JSON.stringify([given, newer, p])}`,
      run: (table) =>
        table.merge({ rows: given }, { key: ["id"], where, ...(newer ? { updateWhen: "source.v > target.v" } : {}) }),
      model: (before) => [
        ...before.map((target) => {
          const source = given.find((candidate) => matches(candidate, target));
          return source && isNewer(source, target) ? source : target;
        }),
        ...given.filter((source) => !before.some((target) => matches(source, target))),
      ],
    };
  });
const optimize = fc.boolean().map((ordered): Operation => ({
  name: ordered ? "optimize by z-order" : "optimize",
  run: (table) => table.optimize(ordered ? { zOrderBy: ["id", "v"] } : {}),
  model: (before) => [...before],
}));
const checkpoint = fc.constant<Operation>({
  name: "checkpoint",
  run: async (table) => {
    await table.checkpoint();
    return { version: (await table.snapshot()).version, committed: false };
  },
  model: (before) => [...before],
});
const operation = fc.oneof(
  append,
  overwrite,
  replaceWhere,
  remove,
  removeByCondition,
  update,
  merge,
  optimize,
  checkpoint,
);

const tableOptions = fc.record({
  partitioned: fc.boolean(),
  feed: fc.boolean(),
  mapped: fc.constantFrom("none", "name", "id"),
});

test("every_version_equals_the_model: random operations, read back by time travel", async () => {
  await using lake = await openLake();
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 10 }),
      tableOptions,
      async (operations, { partitioned, feed, mapped }) => {
        const context = { ...lake.context, path: `m${tables++}` };
        const table = await createTable(context, {
          schema: struct({ "id!": "long", p: "string", v: "integer" }),
          configuration: {
            "delta.checkpointInterval": "4",
            "delta.enableChangeDataFeed": String(feed),
            "delta.columnMapping.mode": mapped,
          },
          partitionColumns: partitioned ? ["p"] : [],
        });
        const versions: Row[][] = [[]];
        for (const { name, run, model } of operations) {
          const before = versions.at(-1) as unknown as ModelRow[];
          const after = sorted(model(before) as unknown as Row[]);
          const result = await run(table);
          if (result.committed) versions.push(after);
          else expect(after, name).toEqual(before);
          expect(result.version, name).toBe(versions.length - 1);
        }
        const reopened = await openTable(context);
        for (const [version, expected] of versions.entries()) {
          expect(await rowsOf(reopened, version)).toEqual(expected);
          expect((await reopened.snapshot({ version })).rowCount).toBe(expected.length);
        }
        expect(await rowsOf(table)).toEqual(versions.at(-1));
      },
    ),
    { numRuns: 20 },
  );
});

test("restored_versions_equal_the_model: after random operations, each version comes back", async () => {
  await using lake = await openLake();
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 5 }), fc.nat(), async (operations, choice) => {
      const context = { ...lake.context, path: `r${tables++}` };
      const schema = struct({ "id!": "long", p: "string", v: "integer" });
      const table = await createTable(context, { schema, partitionColumns: ["p"] });
      let last: CommitResult["version"] = 0;
      for (const { run } of operations) last = (await run(table)).version;
      const version = choice % (last + 1);
      const expected = await rowsOf(table, version);
      await table.restore({ version });
      expect(await rowsOf(await openTable(context))).toEqual(expected);
    }),
    { numRuns: 10 },
  );
});
