import { CinelakeError } from "@cinelake/contracts";
import type { DataType, StructField, StructType } from "../api.ts";
import { containsType } from "../schema/types.ts";
import type { Metadata, Protocol } from "./actions.ts";
import type { TableState } from "./state.ts";

type Described = Pick<TableState, "protocol" | "metadata" | "schema">;

/** Features of table protocol (3, 7) that do not matter to us unless `inUse` says so. */
const READER_FEATURES = new Set(["timestampNtz", "vacuumProtocolCheck", "columnMapping"]);
const WRITER_FEATURES = new Set([
  "appendOnly",
  "invariants",
  "checkConstraints",
  "changeDataFeed",
  "generatedColumns",
  "columnMapping",
  "identityColumns",
  "timestampNtz",
  "vacuumProtocolCheck",
]);

/** The lowest protocol that a table with this schema needs. */
export function protocolFor(schema: StructType): Protocol {
  if (!containsType(schema, "timestamp_ntz")) return { minReaderVersion: 1, minWriterVersion: 2 };
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ["timestampNtz"],
    writerFeatures: ["appendOnly", "invariants", "timestampNtz"],
  };
}

/** Refuses with `delta_unsupported`, naming the feature, a table that cannot be read as it is meant. */
export function checkReadable(table: string, { protocol, metadata, schema }: Described): void {
  const { minReaderVersion } = protocol;
  if (minReaderVersion > 3) refuse(table, "read", `minReaderVersion ${minReaderVersion}`);
  if (minReaderVersion === 3) refuseUnknown(table, "read", protocol.readerFeatures ?? [], READER_FEATURES);
  if (minReaderVersion >= 2 && columnMappingInUse(metadata)) refuse(table, "read", "columnMapping");
  if (containsType(schema, "variant")) refuse(table, "read", "variantType");
}

/** Refuses with `delta_unsupported`, naming the feature, a table that cannot be written without breaking its rules. */
export function checkWritable(table: string, state: Described): void {
  checkReadable(table, state);
  const { protocol, metadata, schema } = state;
  const { minWriterVersion } = protocol;
  if (minWriterVersion > 7) refuse(table, "write", `minWriterVersion ${minWriterVersion}`);
  if (minWriterVersion === 7) refuseUnknown(table, "write", protocol.writerFeatures ?? [], WRITER_FEATURES);
  const found = ruleInUse(metadata, schema);
  if (found) refuse(table, "write", found);
}

/** True if rows may only be added. */
export function isAppendOnly(metadata: Metadata): boolean {
  return isTrue(metadata.configuration["delta.appendOnly"]);
}

export function hasInCommitTimestamps(metadata: Metadata): boolean {
  return isTrue(metadata.configuration["delta.enableInCommitTimestamps"]);
}

function ruleInUse(metadata: Metadata, schema: StructType): string | undefined {
  const { configuration } = metadata;
  if (Object.keys(configuration).some((key) => key.startsWith("delta.constraints."))) return "checkConstraints";
  if (isTrue(configuration["delta.enableChangeDataFeed"])) return "changeDataFeed";
  if (isTrue(configuration["delta.enableRowTracking"])) return "rowTracking";
  if (hasInCommitTimestamps(metadata)) return "inCommitTimestamp";
  if (columnMappingInUse(metadata)) return "columnMapping";
  const fields = allFields(schema);
  const has = (prefix: string): boolean =>
    fields.some((field) => Object.keys(field.metadata ?? {}).some((key) => key.startsWith(prefix)));
  if (has("delta.invariants")) return "invariants";
  if (has("delta.generationExpression")) return "generatedColumns";
  if (has("delta.identity.")) return "identityColumns";
  return undefined;
}

function columnMappingInUse(metadata: Metadata): boolean {
  return (metadata.configuration["delta.columnMapping.mode"] ?? "none") !== "none";
}

function allFields(type: DataType): readonly StructField[] {
  if (typeof type === "string") return [];
  switch (type.type) {
    case "struct":
      return type.fields.flatMap((field) => [field, ...allFields(field.type)]);
    case "array":
      return allFields(type.elementType);
    case "map":
      return [...allFields(type.keyType), ...allFields(type.valueType)];
  }
}

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

function refuseUnknown(table: string, what: string, features: readonly string[], known: ReadonlySet<string>): void {
  const unknown = features.filter((feature) => !known.has(feature));
  if (unknown.length > 0) refuse(table, what, unknown.join(", "));
}

function refuse(table: string, what: string, feature: string): never {
  throw new CinelakeError("delta_unsupported", `Cannot ${what} the table ${table}: ${feature} is not supported.`, {
    details: { table, feature },
  });
}
