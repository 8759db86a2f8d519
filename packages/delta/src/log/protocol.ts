import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField, StructType } from "../api.ts";
import { mappingMode } from "../schema/column_mapping.ts";
import { containsType, unknownType } from "../schema/types.ts";
import type { Metadata, Protocol } from "./actions.ts";
import type { TableState } from "./state.ts";

type Described = Pick<TableState, "protocol" | "metadata" | "schema">;

/** Features of table protocol (3, 7) that a reader must know: these it does. */
const READER_FEATURES: ReadonlySet<string> = new Set([
  "columnMapping",
  "deletionVectors",
  "timestampNtz",
  "typeWidening",
  "typeWidening-preview",
  "v2Checkpoint",
  "vacuumProtocolCheck",
  // A table may list it and hold no such column; one that does is refused.
  "variantType",
  "variantType-preview",
]);

/** Features that a writer must know: these do not matter to ours unless `ruleInUse` says so. */
const WRITER_FEATURES: ReadonlySet<string> = new Set([
  ...READER_FEATURES,
  "appendOnly",
  "changeDataFeed",
  "checkConstraints",
  "domainMetadata",
  "generatedColumns",
  "identityColumns",
  "inCommitTimestamp",
  "invariants",
]);

/** The lowest protocol that a table with this schema and these properties needs. */
export function protocolFor(schema: StructType, configuration: Readonly<Record<string, string>> = {}): Protocol {
  const reader = [
    ...(containsType(schema, "timestamp_ntz") ? ["timestampNtz"] : []),
    ...(mappingMode(configuration) === "none" ? [] : ["columnMapping"]),
    ...(isTrue(configuration["delta.enableDeletionVectors"]) ? ["deletionVectors"] : []),
    ...(isTrue(configuration["delta.enableTypeWidening"]) ? ["typeWidening"] : []),
  ];
  const writer = [
    ...(isTrue(configuration["delta.enableInCommitTimestamps"]) ? ["inCommitTimestamp"] : []),
    ...(isTrue(configuration["delta.enableChangeDataFeed"]) ? ["changeDataFeed"] : []),
    ...(hasConstraints(configuration) ? ["checkConstraints"] : []),
  ];
  if (reader.length + writer.length === 0) return { minReaderVersion: 1, minWriterVersion: 2 };
  return {
    minReaderVersion: reader.length > 0 ? 3 : 1,
    minWriterVersion: 7,
    ...(reader.length > 0 ? { readerFeatures: reader } : {}),
    writerFeatures: ["appendOnly", "invariants", ...reader, ...writer],
  };
}

/** Every feature that a table's protocol stands for, those of the versions before table features included. */
export function featuresOf({ minReaderVersion, minWriterVersion, writerFeatures, readerFeatures }: Protocol): string[] {
  if (minWriterVersion >= 7) return Array.from(new Set([...(readerFeatures ?? []), ...(writerFeatures ?? [])])).sort();
  const legacy: readonly (readonly [writer: number, reader: number, feature: string])[] = [
    [2, 1, "appendOnly"],
    [2, 1, "invariants"],
    [3, 1, "checkConstraints"],
    [4, 1, "changeDataFeed"],
    [4, 1, "generatedColumns"],
    [5, 2, "columnMapping"],
    [6, 1, "identityColumns"],
  ];
  return legacy
    .filter(([writer, reader]) => minWriterVersion >= writer && minReaderVersion >= reader)
    .map(([, , feature]) => feature)
    .sort();
}

/** The protocol with the features that schema and properties need as well; undefined if it has them already. */
export function protocolWith(protocol: Protocol, needed: Protocol): Protocol | undefined {
  const has = new Set(featuresOf(protocol));
  const missing = featuresOf(needed).filter((feature) => !has.has(feature));
  if (missing.length === 0) return undefined;
  if (needed.minWriterVersion <= 2 && protocol.minWriterVersion < 2) return { ...protocol, minWriterVersion: 2 };
  const forReaders = missing.filter((feature) => READER_FEATURES.has(feature));
  const readerFeatures = [...(protocol.readerFeatures ?? []), ...forReaders];
  if (protocol.minReaderVersion === 2 && forReaders.length > 0) readerFeatures.unshift("columnMapping");
  const readers = forReaders.length > 0 || protocol.minReaderVersion === 3;
  return {
    minReaderVersion: readers ? 3 : protocol.minReaderVersion,
    minWriterVersion: 7,
    ...(readers ? { readerFeatures } : {}),
    writerFeatures: [...has, ...missing].sort(),
  };
}

/**
 * Refuses with `delta_unsupported`, naming the feature, a table that cannot be read as it is meant; with `delta_corrupt` one whose partition
 * columns are not in its schema (case counts).
 */
export function checkReadable(table: string, { protocol, metadata, schema }: Described): void {
  const { minReaderVersion } = protocol;
  if (minReaderVersion > 3) refuse(table, "read", `minReaderVersion ${minReaderVersion}`);
  if (minReaderVersion === 3) refuseUnknown(table, "read", protocol.readerFeatures ?? [], READER_FEATURES);
  const mode = metadata.configuration["delta.columnMapping.mode"] ?? "none";
  if (!["none", "name", "id"].includes(mode)) refuse(table, "read", `columnMapping mode ${mode}`);
  const type = unknownType(schema);
  if (type !== undefined) refuse(table, "read", `the column type ${type}`);
  const lost = metadata.partitionColumns.find((name) => !schema.fields.some((field) => field.name === name));
  if (lost !== undefined) {
    throw new CinelakeError(
      "delta_corrupt",
      `The table ${table} is partitioned by ${lost}, which is no column of it.`,
      {
        details: { table, column: lost },
      },
    );
  }
}

/** Refuses with `delta_unsupported`, naming the feature, a table that cannot be written without breaking its rules. */
export function checkWritable(table: string, state: Described): void {
  checkReadable(table, state);
  checkWriterVersion(table, state.protocol);
  const found = ruleInUse(state.metadata, state.schema);
  if (found) refuse(table, "write", found);
}

/** The writer's part of the protocol alone: what maintenance must know that deletes files of old versions. */
export function checkWriterVersion(table: string, { minWriterVersion, writerFeatures = [] }: Protocol): void {
  if (minWriterVersion > 7) refuse(table, "write", `minWriterVersion ${minWriterVersion}`);
  if (minWriterVersion === 7) refuseUnknown(table, "write", writerFeatures, WRITER_FEATURES);
}

/** True if rows may only be added. */
export function isAppendOnly(metadata: Metadata): boolean {
  return isTrue(metadata.configuration["delta.appendOnly"]);
}

export function hasInCommitTimestamps(metadata: Metadata): boolean {
  return isTrue(metadata.configuration["delta.enableInCommitTimestamps"]);
}

export function hasChangeDataFeed(metadata: Pick<Metadata, "configuration">): boolean {
  return isTrue(metadata.configuration["delta.enableChangeDataFeed"]);
}

const CONSTRAINT = "delta.constraints.";

/** CHECK constraints by name, as SQL. */
export function constraintsOf(configuration: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(configuration).flatMap(([key, sql]) =>
      key.startsWith(CONSTRAINT) ? [[key.slice(CONSTRAINT.length), sql] as const] : [],
    ),
  );
}

export function constraintProperty(name: string): string {
  return CONSTRAINT + name;
}

function hasConstraints(configuration: Readonly<Record<string, string>>): boolean {
  return constraintsOf(configuration).size > 0;
}

function ruleInUse({ configuration }: Metadata, schema: StructType): string | undefined {
  if (isTrue(configuration["delta.enableRowTracking"])) return "rowTracking";
  if (configuration["delta.universalFormat.enabledFormats"]) return "universal format";
  if (isTrue(configuration["delta.enableIcebergCompatV1"]) || isTrue(configuration["delta.enableIcebergCompatV2"])) {
    return "icebergCompat";
  }
  const fields = allFields(schema);
  const has = (prefix: string): boolean =>
    fields.some((field) => Object.keys(field.metadata ?? {}).some((key) => key.startsWith(prefix)));
  if (has("delta.generationExpression")) return "generatedColumns";
  if (has("delta.identity.")) return "identityColumns";
  return undefined;
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
