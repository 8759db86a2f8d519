/** Shape of a table as schemas/lakehouse/*_tables.yml states it (column groups already merged in). */
export type Layer = "bronze" | "silver" | "gold";
export type ScalarType = "string" | "long" | "integer" | "float" | "double" | "boolean" | "date" | "timestamp";
export type ColumnType = ScalarType | `array<${ScalarType}>`;

export interface ColumnSpec {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly description: string;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly min_length?: number;
  readonly max_length?: number;
  /** Silver table that holds the referenced row; a missing one becomes a placeholder. */
  readonly references?: string;
  /** Bronze: the column's name in the source file. */
  readonly source?: string;
  /** Silver: DuckDB SQL over the Bronze columns that makes the value. */
  readonly expression?: string;
  /** The value follows from other columns (event_date). */
  readonly derived?: boolean;
  /** The expression reads the left-joined table. */
  readonly joined?: boolean;
}

export interface TableSpec {
  readonly name: string;
  readonly layer: Layer;
  readonly description: string;
  readonly columns: readonly ColumnSpec[];
  readonly primary_key: readonly string[];
  readonly partition_columns: readonly string[];
  /** What one partition of event_date spans; the date is its first day. */
  readonly granularity?: "day" | "month";
  readonly source?: {
    readonly file?: string;
    readonly topic?: string;
    readonly table?: string;
    readonly left_join?: { readonly table: string; readonly on: string };
  };
  readonly dedupe?: { readonly key: readonly string[]; readonly order: readonly string[] };
  readonly max_failed_fraction?: number;
}

/** Folder of a table in the lake: `<layer>/<table_name>`. */
export function tablePath(spec: Pick<TableSpec, "layer" | "name">): string {
  return `${spec.layer}/${spec.name}`;
}
