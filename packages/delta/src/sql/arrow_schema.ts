import {
  DuckDBTypeId,
  type DuckDBDecimalType,
  type DuckDBListType,
  type DuckDBMapType,
  type DuckDBStructType,
  type DuckDBType,
} from "@duckdb/node-api";
import type * as Arrow from "apache-arrow";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { DataType, StructField } from "../api.ts";

/** The library, loaded by those who want it. */
export type ArrowLibrary = typeof Arrow;

/** What is known of a column beyond DuckDB's type: where nulls may be. */
type Known = Pick<StructField, "type" | "nullable"> | undefined;

/**
 * Arrow's schema of a result: decimals of 128 bits, dates in days, timestamps in microseconds with zone `UTC` or none. Everything takes nulls but
 * what `fields`, by the columns' places, say does not.
 */
export function arrowSchema(
  arrow: ArrowLibrary,
  names: readonly string[],
  types: readonly DuckDBType[],
  fields: readonly StructField[] = [],
): Arrow.Schema {
  return new arrow.Schema(names.map((name, place) => arrowField(arrow, name, types[place]!, fields[place])));
}

function arrowField(arrow: ArrowLibrary, name: string, type: DuckDBType, known: Known): Arrow.Field {
  return new arrow.Field(name, arrowType(arrow, type, known?.type), known?.nullable ?? true);
}

function arrowType(arrow: ArrowLibrary, type: DuckDBType, known: DataType | undefined): Arrow.DataType {
  switch (type.typeId) {
    case DuckDBTypeId.BOOLEAN:
      return new arrow.Bool();
    case DuckDBTypeId.TINYINT:
      return new arrow.Int8();
    case DuckDBTypeId.SMALLINT:
      return new arrow.Int16();
    case DuckDBTypeId.INTEGER:
      return new arrow.Int32();
    case DuckDBTypeId.BIGINT:
      return new arrow.Int64();
    case DuckDBTypeId.FLOAT:
      return new arrow.Float32();
    case DuckDBTypeId.DOUBLE:
      return new arrow.Float64();
    case DuckDBTypeId.DECIMAL: {
      const { width, scale } = type as DuckDBDecimalType;
      return new arrow.Decimal(scale, width, 128);
    }
    case DuckDBTypeId.VARCHAR:
      return new arrow.Utf8();
    case DuckDBTypeId.BLOB:
      return new arrow.Binary();
    case DuckDBTypeId.DATE:
      return new arrow.DateDay();
    case DuckDBTypeId.TIMESTAMP:
      return new arrow.TimestampMicrosecond();
    case DuckDBTypeId.TIMESTAMP_TZ:
      return new arrow.TimestampMicrosecond("UTC");
    case DuckDBTypeId.LIST: {
      const element = known && typeof known === "object" && known.type === "array" ? known : undefined;
      const inner = element && { type: element.elementType, nullable: element.containsNull };
      return new arrow.List(arrowField(arrow, "element", (type as DuckDBListType).valueType, inner));
    }
    case DuckDBTypeId.STRUCT: {
      const { entryNames, entryTypes } = type as DuckDBStructType;
      const fields = known && typeof known === "object" && known.type === "struct" ? known.fields : [];
      return new arrow.Struct(
        entryNames.map((name, place) => arrowField(arrow, name, entryTypes[place]!, fields[place])),
      );
    }
    case DuckDBTypeId.MAP: {
      const { keyType, valueType } = type as DuckDBMapType;
      const entry = known && typeof known === "object" && known.type === "map" ? known : undefined;
      const key = new arrow.Field("key", arrowType(arrow, keyType, entry?.keyType), false);
      const value = arrowField(
        arrow,
        "value",
        valueType,
        entry && { type: entry.valueType, nullable: entry.valueContainsNull },
      );
      return new arrow.Map_(
        new arrow.Field(
          "entries",
          new arrow.Struct<{ key: Arrow.DataType; value: Arrow.DataType }>([key, value]),
          false,
        ),
        false,
      );
    }
    default:
      throw new CinelakeError("delta_unsupported", `The SQL type ${type} has no Arrow type here; cast it.`);
  }
}
