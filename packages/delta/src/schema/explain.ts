import { explainConstraint } from "./constraints.ts";
import { explainNull } from "./fit.ts";

/** Work that reads rows of a source: DuckDB's errors for rows that do not fit become `delta_schema_mismatch`. */
export async function explainRow<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explainConstraint(explainNull(error));
  }
}
