import { CinelakeError } from "@cinelake/contracts/errors";
import type { CreateOptions, DataType, StructType } from "../api.ts";
import { hasChangeDataFeed } from "../log/protocol.ts";
import { mappingMode } from "./column_mapping.ts";
import { isPrimitive, sqlType } from "./types.ts";

/** Refuses with `invalid_argument` what no reader could use: duplicate or unwritable names, unknown types, partition columns that cannot be. */
export function validateNewTable(options: CreateOptions): void {
  const { schema, partitionColumns = [] } = options;
  if (schema.fields.length === 0) refuse("A table needs a column.");
  validateStruct(schema, "", mappingMode(options.configuration ?? {}) !== "none");
  if (new Set(partitionColumns).size !== partitionColumns.length) refuse("A partition column is named twice.");
  for (const name of partitionColumns) {
    const field = schema.fields.find((candidate) => candidate.name === name);
    if (!field) return refuse(`The partition column ${name} is not in the schema.`);
    if (!isPrimitive(field.type) || field.type === "binary") {
      refuse(`The column ${name} cannot partition the table: its type has no text form.`);
    }
  }
  if (partitionColumns.length === schema.fields.length) refuse("One column at least must not partition the table.");
  validateFeed(schema, options.configuration ?? {});
}

const FEED_COLUMNS = ["_change_type", "_commit_version", "_commit_timestamp"];

/** Refuses with `invalid_argument` a change data feed of a table with a column that is called like one of the feed's own. */
export function validateFeed(schema: StructType, configuration: Readonly<Record<string, string>>): void {
  if (!hasChangeDataFeed({ configuration })) return;
  const field = schema.fields.find(({ name }) => FEED_COLUMNS.includes(name.toLowerCase()));
  if (field) refuse(`A table with the column ${field.name} can keep no change data feed, which has one of that name.`);
}

function validateStruct(struct: StructType, path: string, isMapped: boolean): void {
  const seen = new Set<string>();
  for (const { name, type } of struct.fields) {
    const full = path + name;
    if (name === "") refuse(`A column below ${path || "the table"} has no name.`);
    // Spark, and with it most of the world, cannot read such names without column mapping.
    if (!isMapped && /[ ,;{}()\n\t=]/.test(name))
      refuse(`The column name ${JSON.stringify(full)} holds one of " ,;{}()=", tab or newline.`);
    if (seen.has(name.toLowerCase())) refuse(`The column name ${full} is there twice (case does not count).`);
    seen.add(name.toLowerCase());
    validateType(type, `${full}.`, isMapped);
  }
}

function validateType(type: DataType, path: string, isMapped: boolean): void {
  sqlType(type);
  if (typeof type === "string") return;
  if (type.type === "struct") {
    if (type.fields.length === 0) refuse(`The struct ${path.slice(0, -1)} has no field.`);
    validateStruct(type, path, isMapped);
  } else if (type.type === "array") validateType(type.elementType, `${path}element.`, isMapped);
  else {
    validateType(type.keyType, `${path}key.`, isMapped);
    validateType(type.valueType, `${path}value.`, isMapped);
  }
}

function refuse(message: string): never {
  throw new CinelakeError("invalid_argument", message);
}
