import { utcDay } from "./instants.ts";
import type { ColumnSpec, ColumnType, ScalarType, TableSpec } from "./table_spec.ts";

const DUCKDB: Readonly<Record<ScalarType, string>> = {
  string: "VARCHAR",
  long: "BIGINT",
  integer: "INTEGER",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  date: "DATE",
  timestamp: "TIMESTAMPTZ",
};

/** Delta's schema value; `@cinelake/delta`'s StructType accepts it. */
export interface DeltaStruct {
  readonly type: "struct";
  readonly fields: readonly DeltaField[];
}
export interface DeltaField {
  readonly name: string;
  readonly type: ScalarType | DeltaArray;
  readonly nullable: boolean;
  readonly metadata: { readonly comment: string };
}
export interface DeltaArray {
  readonly type: "array";
  readonly elementType: ScalarType;
  readonly containsNull: false;
}

/** A column's type in DuckDB, e.g. `BIGINT`, `FLOAT[]`. */
export function duckdbType({ type }: Pick<ColumnSpec, "type">): string {
  const { scalar, isArray } = split(type);
  return isArray ? `${DUCKDB[scalar]}[]` : DUCKDB[scalar];
}

/** Column definitions for DuckDB's `CREATE TABLE t (...)`: quoted names, types, `NOT NULL`. */
export function duckdbColumns({ columns }: Pick<TableSpec, "columns">): string {
  return columns
    .map((column) => `"${column.name}" ${duckdbType(column)}${column.nullable ? "" : " NOT NULL"}`)
    .join(", ");
}

/** A table's schema as Delta's log holds it; elements of arrays are never null. */
export function deltaSchema({ columns }: Pick<TableSpec, "columns">): DeltaStruct {
  return {
    type: "struct",
    fields: columns.map(({ name, type, nullable, description }) => {
      const { scalar, isArray } = split(type);
      return {
        name,
        type: isArray ? { type: "array", elementType: scalar, containsNull: false } : scalar,
        nullable,
        metadata: { comment: description },
      };
    }),
  };
}

/** Date of the partition that an instant (milliseconds since the epoch) lies in, `YYYY-MM-DD`: its UTC day or first of the month. */
export function partitionDate({ granularity }: Pick<TableSpec, "granularity">, eventTsMs: number): string {
  const day = utcDay(eventTsMs);
  return granularity === "month" ? `${day.slice(0, -2)}01` : day;
}

function split(type: ColumnType): { scalar: ScalarType; isArray: boolean } {
  const element = /^array<(\w+)>$/.exec(type)?.[1];
  return element ? { scalar: element as ScalarType, isArray: true } : { scalar: type as ScalarType, isArray: false };
}
