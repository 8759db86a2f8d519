import { struct } from "../../support/tables.ts";
import type { Case, Create } from "./case.ts";
import { nestedRows, nestedSchema, partitionTexts, primitiveRows, primitiveSchema } from "./data.ts";

/** Every type and every partition value. */
export const typeCases: readonly Case[] = [
  {
    name: "every_primitive_type",
    async make(create) {
      const table = await create({ schema: primitiveSchema });
      await table.append({ rows: primitiveRows });
      return table;
    },
  },
  {
    name: "timestamp_without_zone",
    async make(create) {
      const table = await create({ schema: struct({ id: "long", at: "timestamp_ntz" }) });
      await table.append({
        rows: [{ id: 1, at: "1969-12-31T23:59:59.999999" }, { id: 2, at: "2026-01-31T12:00:00.000001" }, {}],
      });
      return table;
    },
  },
  {
    name: "first_and_last_days",
    without: { chdb: "ClickHouse's days and times lie between 1900 and 2299" },
    async make(create) {
      const table = await create({ schema: struct({ day: "date", at: "timestamp" }) });
      await table.append({
        rows: [
          { day: "0001-01-01", at: "0001-01-01T00:00:00.000000Z" },
          { day: "9999-12-31", at: "9999-12-31T23:59:59.999999Z" },
        ],
      });
      return table;
    },
  },
  {
    name: "arrays_maps_and_structs",
    async make(create) {
      const table = await create({ schema: nestedSchema });
      await table.append({ rows: nestedRows });
      return table;
    },
  },
  {
    name: "odd_column_names",
    async make(create) {
      const table = await create({
        schema: struct({
          äöü: "long",
          'q"uote': "string",
          "back`tick": "string",
          "do.t": struct({ "in.ner": "long" }),
        }),
      });
      await table.append({ rows: [{ äöü: 1, 'q"uote': "x", "back`tick": "y", "do.t": { "in.ner": 2 } }, {}] });
      return table;
    },
  },
  {
    name: "text_partitions",
    async make(create) {
      const table = await create({
        schema: struct({ id: "long", p: "string", q: "integer" }),
        partitionColumns: ["p", "q"],
      });
      await table.append({ rows: partitionTexts.map((p, id) => ({ id, p, q: id % 3 === 0 ? null : id })) });
      return table;
    },
  },
  ...(
    [
      ["byte", [-128, 127]],
      ["long", [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n]],
      ["boolean", [true, false]],
      ["date", ["1900-01-01", "2261-12-31"]],
      ["timestamp", ["1969-12-31T23:59:59.999999Z", "2026-01-31T12:00:00.000000Z"]],
      ["decimal(18,9)", ["-999999999.999999999", "0.000000001"]],
      ["decimal(38,10)", [`-${"9".repeat(28)}.${"9".repeat(10)}`, "0.0000000001"]],
      ["double", [-0.5, 1e300, 5e-324]],
      ["float", [-0.5, 3.4028234663852886e38]],
    ] as const
  ).map(([type, values]) => ({
    name: `partitions_of_${type.replaceAll(/\W+/g, "_").replace(/_$/, "")}`,
    ...(type === "decimal(38,10)" && { without: { chdb: "ClickHouse cuts decimals in partitions to 64 bits" } }),
    async make(create: Create) {
      const table = await create({ schema: struct({ id: "long", p: type }), partitionColumns: ["p"] });
      await table.append({ rows: [null, ...values].map((p, id) => ({ id, p })) });
      return table;
    },
  })),
];
