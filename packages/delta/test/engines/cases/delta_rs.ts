import type { DeltaRs } from "@cinelake/testkit";
import type { Row, StructType } from "@cinelake/delta";
import { portableRow, type PortableRow } from "../../support/portable.ts";
import { struct } from "../../support/tables.ts";
import { nestedRows, nestedSchema, partitionTexts, primitiveRows, primitiveSchema } from "./data.ts";

/** Writes a table with delta-rs, command by command. */
export type Write = (command: string, options?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** A table that delta-rs writes and that is read here, version by version. */
export interface DeltaRsCase {
  readonly name: string;
  write(call: Write): Promise<void>;
  /** Whether its change data feed is compared as well. */
  readonly changes?: boolean;
}

export function writer(deltaRs: DeltaRs, folder: string): Write {
  return (command, options) => deltaRs.call(command, folder, options);
}

/** Options of a command that take rows. */
function rowsOf(schema: StructType, rows: readonly Row[]): { rows: PortableRow[]; schema: StructType } {
  return { rows: rows.map((row) => portableRow(row, schema)), schema };
}

const schema = struct({ id: "long", kind: "string", score: "double" });

function items(from: number, to: number, kind = "view"): { rows: PortableRow[]; schema: StructType } {
  const rows = Array.from({ length: to - from }, (_, index) => {
    const id = from + index;
    return { id, kind, score: id % 5 === 0 ? null : id / 8 };
  });
  return rowsOf(schema, rows);
}

export const deltaRsCases: readonly DeltaRsCase[] = [
  {
    name: "every_primitive_type",
    write: async (call) => void (await call("write", rowsOf(primitiveSchema, primitiveRows))),
  },
  {
    name: "timestamp_without_zone",
    async write(call) {
      const ntz = struct({ id: "long", at: "timestamp_ntz" });
      await call(
        "write",
        rowsOf(ntz, [{ id: 1, at: "1969-12-31T23:59:59.999999" }, { id: 2, at: "2026-01-31T12:00:00.000001" }, {}]),
      );
    },
  },
  {
    name: "arrays_maps_and_structs",
    write: async (call) => void (await call("write", rowsOf(nestedSchema, nestedRows))),
  },
  {
    name: "partitions",
    async write(call) {
      const partitioned = struct({ id: "long", p: "string", day: "date", at: "timestamp" });
      // delta-rs writes an empty text as it is, which is a null by the protocol.
      const texts = partitionTexts.filter((text) => text !== "");
      const rows = texts.map((p, id) => ({
        id,
        p,
        day: id % 3 === 0 ? null : `2026-01-0${1 + (id % 3)}`,
        at: id % 2 === 0 ? null : "1969-12-31T23:59:59.999999Z",
      }));
      await call("write", { ...rowsOf(partitioned, rows), partition_by: ["p", "day", "at"] });
    },
  },
  {
    name: "appends_checkpoints_and_properties",
    async write(call) {
      const configuration = { "delta.checkpointInterval": "5", "delta.appendOnly": "true" };
      await call("create", { schema, configuration, name: "named", description: "described" });
      for (let n = 0; n < 12; n++) await call("write", items(n * 3, n * 3 + 3, `kind ${n % 4}`));
      await call("checkpoint");
      await call("write", items(100, 101));
    },
  },
  {
    name: "overwrites",
    async write(call) {
      await call("write", { ...items(0, 20), partition_by: ["kind"] });
      await call("write", items(20, 40, "click"));
      await call("write", { ...items(50, 55, "click"), mode: "overwrite", predicate: "kind = 'click'" });
      await call("write", { ...items(0, 3), mode: "overwrite" });
    },
  },
  {
    name: "merge_update_and_delete",
    async write(call) {
      await call("write", { ...items(0, 40), partition_by: ["kind"] });
      await call("merge", { ...items(35, 45), predicate: "s.id = t.id" });
      await call("update", { updates: { score: "score + 1.0", kind: "'moved/50%'" }, predicate: "id < 5" });
      await call("delete", { predicate: "id % 7 = 0" });
      await call("delete", { predicate: "kind = 'view'" });
    },
  },
  {
    name: "change_data_feed",
    changes: true,
    async write(call) {
      await call("write", { ...items(0, 10), configuration: { "delta.enableChangeDataFeed": "true" } });
      await call("update", { updates: { score: "0.5" }, predicate: "id < 3" });
      await call("delete", { predicate: "id = 9" });
      await call("merge", { ...items(8, 12, "merged"), predicate: "s.id = t.id" });
      await call("write", { ...items(20, 22), mode: "overwrite" });
    },
  },
  {
    name: "optimize_z_order_and_vacuum",
    async write(call) {
      for (let n = 0; n < 6; n++) await call("write", items(n * 10, n * 10 + 10));
      await call("optimize");
      await call("write", items(100, 110));
      await call("optimize", { z_order_by: ["score", "id"] });
      await call("vacuum");
    },
  },
  {
    name: "schema_change",
    async write(call) {
      await call("write", items(0, 5));
      await call("add_columns", { fields: struct({ note: "string", more: struct({ x: "long" }) }).fields });
      const wider = struct({ id: "long", kind: "string", score: "double", note: "string", extra: "date" });
      const rows = [{ id: 9, note: "n", extra: "2026-01-31" }];
      await call("write", { ...rowsOf(wider, rows), schema_mode: "merge" });
      const other = struct({ name: "string" });
      await call("write", { ...rowsOf(other, [{ name: "x" }]), mode: "overwrite", schema_mode: "overwrite" });
    },
  },
  {
    name: "constraints_and_restore",
    async write(call) {
      await call("write", items(0, 5));
      await call("add_constraints", { constraints: { positive: "id >= 0" } });
      await call("write", items(5, 10));
      await call("drop_constraint", { name: "positive" });
      await call("restore", { version: 2 });
    },
  },
  {
    name: "column_mapping",
    async write(call) {
      const configuration = {
        "delta.columnMapping.mode": "name",
        "delta.minReaderVersion": "2",
        "delta.minWriterVersion": "5",
      };
      await call("write", { ...rowsOf(nestedSchema, nestedRows), configuration });
      await call("write", rowsOf(nestedSchema, nestedRows));
    },
  },
  {
    name: "column_mapping_of_partitions",
    async write(call) {
      const configuration = {
        "delta.columnMapping.mode": "name",
        "delta.minReaderVersion": "2",
        "delta.minWriterVersion": "5",
      };
      await call("write", { ...items(0, 20), partition_by: ["kind"], configuration });
      await call("write", items(20, 30, "click"));
      await call("delete", { predicate: "id % 2 = 0" });
      await call("checkpoint");
    },
  },
  {
    name: "deletion_vectors_allowed",
    async write(call) {
      await call("write", { ...items(0, 20), configuration: { "delta.enableDeletionVectors": "true" } });
      await call("delete", { predicate: "id = 3" });
    },
  },
  {
    name: "version_2_checkpoints",
    async write(call) {
      await call("create", { schema });
      await call("add_feature", { feature: "V2Checkpoint" });
      await call("set_properties", { properties: { "delta.checkpointPolicy": "v2" } });
      for (let n = 0; n < 3; n++) await call("write", items(n, n + 1));
      await call("checkpoint");
      await call("write", items(10, 12));
    },
  },
];
