import { CinelakeError } from "@cinelake/contracts/errors";
import type { StructType, TableContext } from "../api.ts";
import type { Action } from "../log/actions.ts";
import { checkWritable, hasInCommitTimestamps, protocolFor, protocolWith } from "../log/protocol.ts";
import type { TableState } from "../log/state.ts";
import { assignColumnMapping } from "../schema/assign_mapping.ts";
import { mappingMode, withoutMapping } from "../schema/column_mapping.ts";
import { validateFeed, validateNewTable } from "../schema/validate.ts";

/** What a commit makes of a table's description; what is absent stays. */
export interface Evolution {
  readonly schema?: StructType;
  readonly partitionColumns?: readonly string[];
  /** Properties to set; undefined takes one away. */
  readonly configuration?: Readonly<Record<string, string | undefined>>;
}

/**
 * The state with another schema, partitioning or properties, and with the protocol that these need; the same object if nothing changes.
 * Refuses with `invalid_argument` what no reader could use and `delta_unsupported` what this package could not write afterwards.
 */
export function evolve(context: TableContext, state: TableState, evolution: Evolution): TableState {
  const partitionColumns = evolution.partitionColumns ?? state.metadata.partitionColumns;
  const wanted = withProperties(state.metadata.configuration, evolution.configuration ?? {});
  checkMappingChange(state.metadata.configuration, wanted);
  const isNewlyMapped = mappingMode(state.metadata.configuration) === "none" && mappingMode(wanted) !== "none";
  // What a schema says of a mapping that the table does not have is not true of its files.
  const own = isNewlyMapped ? withoutMapping(state.schema) : state.schema;
  const { schema, configuration } = assignColumnMapping(evolution.schema ?? own, wanted, own);
  const schemaString = schema === state.schema ? state.metadata.schemaString : JSON.stringify(schema);
  const isSame =
    schemaString === state.metadata.schemaString &&
    JSON.stringify(partitionColumns) === JSON.stringify(state.metadata.partitionColumns) &&
    sameProperties(configuration, state.metadata.configuration);
  if (isSame) return state;
  if (schema !== state.schema) validateNewTable({ schema, partitionColumns, configuration });
  validateFeed(schema, configuration);
  const metadata = { ...state.metadata, schemaString, partitionColumns, configuration };
  const protocol = protocolWith(state.protocol, protocolFor(schema, configuration)) ?? state.protocol;
  const next = { ...state, schema, metadata, protocol };
  checkWritable(context.path, next);
  return next;
}

/** The actions that turn one state's description into another's, in a commit of this version and time. */
export function evolutionActions(state: TableState, next: TableState, version: number, timestamp: number): Action[] {
  if (next === state) return [];
  const starts = hasInCommitTimestamps(next.metadata) && !hasInCommitTimestamps(state.metadata);
  const configuration = starts
    ? {
        ...next.metadata.configuration,
        "delta.inCommitTimestampEnablementVersion": String(version),
        "delta.inCommitTimestampEnablementTimestamp": String(timestamp),
      }
    : next.metadata.configuration;
  return [
    ...(next.protocol === state.protocol ? [] : [{ protocol: next.protocol }]),
    { metaData: { ...next.metadata, configuration } },
  ];
}

function withProperties(
  properties: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const merged: Record<string, string | undefined> = { ...properties, ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function sameProperties(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Data files that are there already were written for the old mode. */
function checkMappingChange(old: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): void {
  const [from, to] = [mappingMode(old), mappingMode(wanted)];
  if (from === to || (from === "none" && to === "name")) return;
  throw new CinelakeError(
    "invalid_argument",
    `The table's delta.columnMapping.mode cannot be changed from ${from} to ${to}; only none to name is possible once there is a table.`,
  );
}
