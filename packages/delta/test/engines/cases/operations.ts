import type { CreateOptions, DeltaTable, Row } from "@cinelake/delta";
import { struct } from "../../support/tables.ts";
import type { Case, Create } from "./case.ts";
import { nestedRows, nestedSchema } from "./data.ts";

const mapped = { "delta.columnMapping.mode": "name" };
const eventSchema = struct({ "id!": "long", kind: "string", score: "double", day: "date" });

/** Rows `from` to `to` of one kind a day. */
function events(from: number, to: number, kind = "view"): Row[] {
  return Array.from({ length: to - from }, (_, index) => {
    const id = from + index;
    return { id, kind, score: id % 7 === 0 ? null : id / 4, day: `2026-01-${String(1 + (id % 28)).padStart(2, "0")}` };
  });
}

/** A table of 100 events, 25 of them of another kind, in two files or in partitions. */
async function withEvents(create: Create, options: Partial<CreateOptions> = {}): Promise<DeltaTable> {
  const table = await create({ schema: eventSchema, ...options });
  await table.append({ rows: events(0, 75) });
  await table.append({ rows: events(75, 100, "click") });
  return table;
}

/** Every operation that writes. */
export const operationCases: readonly Case[] = [
  {
    name: "no_rows",
    make: (create) =>
      create({ schema: eventSchema, partitionColumns: ["kind"], name: "nothing", description: "no rows" }),
  },
  {
    name: "many_appends_and_checkpoints",
    async make(create) {
      const table = await create({
        schema: eventSchema,
        partitionColumns: ["kind"],
        configuration: { "delta.checkpointInterval": "4" },
      });
      for (let n = 0; n < 10; n++) await table.append({ rows: events(n * 5, n * 5 + 5, `kind ${n % 3}`) });
      await table.delete({ where: [{ column: "kind", op: "=", value: "kind 0" }] });
      await table.checkpoint();
      await table.append({ sql: "SELECT 1000::BIGINT AS id, 'after' AS kind" });
      return table;
    },
  },
  {
    name: "overwrite",
    async make(create) {
      const table = await withEvents(create);
      await table.overwrite({ rows: events(200, 210) });
      return table;
    },
  },
  {
    name: "overwrite_of_partitions",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["kind"] });
      await table.overwrite(
        { rows: events(300, 303, "click") },
        { where: [{ column: "kind", op: "=", value: "click" }] },
      );
      return table;
    },
  },
  {
    name: "overwrite_of_rows",
    async make(create) {
      const table = await withEvents(create);
      await table.overwrite({ rows: [{ id: 11, kind: "new" }] }, { where: [{ column: "id", op: "<", value: 50 }] });
      return table;
    },
  },
  {
    name: "overwrite_with_another_schema",
    async make(create) {
      const table = await withEvents(create);
      const schema = struct({ name: "string", p: "date" });
      await table.overwrite(
        { rows: [{ name: "x", p: "2026-01-31" }], schema },
        { overwriteSchema: { schema, partitionColumns: ["p"] } },
      );
      return table;
    },
  },
  {
    name: "merge",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["kind"] });
      await table.merge({ rows: [...events(70, 80, "view"), ...events(100, 110, "like")] }, { key: ["id"] });
      return table;
    },
  },
  {
    name: "delete",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["day"] });
      await table.delete({ where: [{ column: "day", op: "=", value: "2026-01-03" }] });
      await table.delete({ condition: "id % 10 = 3 OR score IS NULL" });
      return table;
    },
  },
  {
    name: "delete_of_all_rows",
    async make(create) {
      const table = await withEvents(create);
      await table.delete();
      return table;
    },
  },
  {
    name: "update",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["kind"] });
      await table.update({
        set: { score: { sql: "score * 2" }, kind: { value: "moved/50%" } },
        where: [{ column: "id", op: ">=", value: 90 }],
      });
      return table;
    },
  },
  {
    name: "added_columns",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["kind"] });
      await table.alter({ addColumns: [{ name: "note", type: "string", nullable: true, metadata: {} }] });
      await table.append({ rows: [{ id: 500, kind: "view", note: "here" }] });
      await table.append({ sql: "SELECT 501::BIGINT AS id, [1, 2]::BIGINT[] AS extra" }, { mergeSchema: true });
      return table;
    },
  },
  {
    name: "constraints",
    async make(create) {
      const table = await withEvents(create);
      await table.alter({ addConstraints: { positive: "id >= 0" }, setProperties: { "delta.appendOnly": "true" } });
      await table.append({ rows: events(100, 105) });
      return table;
    },
  },
  {
    name: "column_mapping",
    async make(create) {
      const schema = struct({ id: "long", from: struct({ x: "double" }), to: struct({ x: "double", note: "string" }) });
      const table = await create({ schema, configuration: mapped });
      await table.append({ rows: [{ id: 1, from: { x: 0.5 }, to: { x: 1.5, note: "n" } }, {}] });
      await table.alter({ addColumns: [{ name: "with space", type: "long", nullable: true, metadata: {} }] });
      await table.append({ rows: [{ id: 2, to: { x: null, note: null }, "with space": 7 }] });
      return table;
    },
  },
  {
    name: "column_mapping_of_nested_fields",
    without: { chdb: "ClickHouse finds no structs within arrays by their physical names" },
    async make(create) {
      const table = await create({ schema: nestedSchema, configuration: mapped });
      await table.append({ rows: nestedRows });
      return table;
    },
  },
  {
    name: "column_mapping_of_partitions",
    async make(create) {
      const table = await withEvents(create, { configuration: mapped, partitionColumns: ["kind"] });
      await table.delete({ condition: "id % 2 = 0" });
      await table.checkpoint();
      return table;
    },
  },
  {
    name: "change_data_feed",
    async make(create) {
      const table = await withEvents(create, { configuration: { "delta.enableChangeDataFeed": "true" } });
      await table.update({ set: { score: { value: 1.5 } }, where: [{ column: "id", op: "<", value: 5 }] });
      await table.delete({ condition: "id = 50" });
      await table.merge({ rows: [...events(98, 103, "seen")] }, { key: ["id"] });
      return table;
    },
  },
  {
    name: "in_commit_timestamps",
    without: { "delta-rs": "version 1.6 does not know delta.enableInCommitTimestamps" },
    make: (create) => withEvents(create, { configuration: { "delta.enableInCommitTimestamps": "true" } }),
  },
  {
    name: "optimize",
    async make(create) {
      const table = await withEvents(create, { partitionColumns: ["kind"] });
      for (let n = 0; n < 4; n++) await table.append({ rows: events(100 + n * 5, 105 + n * 5) });
      await table.optimize();
      return table;
    },
  },
  {
    name: "optimize_along_a_z_order_curve",
    async make(create) {
      const table = await withEvents(create);
      await table.optimize({ zOrderBy: ["score", "day"] });
      return table;
    },
  },
  {
    name: "vacuum",
    async make(create) {
      const table = await withEvents(create);
      await table.overwrite({ rows: events(0, 10) });
      await table.vacuum({ retentionHours: 0, force: true });
      return table;
    },
  },
  {
    name: "restore",
    async make(create) {
      const table = await withEvents(create);
      await table.delete({ condition: "id > 10" });
      await table.restore({ version: 2 });
      return table;
    },
  },
];
