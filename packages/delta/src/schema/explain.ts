import { CinelakeError } from "@cinelake/contracts/errors";
import { explainConstraint } from "./constraints.ts";
import { explainNull } from "./fit.ts";

/**
 * Work on SQL and rows that a caller gave: DuckDB's errors for rows that do not fit become `delta_schema_mismatch`, those for SQL that is
 * none, or that names what is not there, `invalid_argument`.
 */
export async function explainRow<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw explainSql(explainConstraint(explainNull(error)));
  }
}

function explainSql(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CinelakeError) return error;
  const [problem, kind] = /(Parser|Binder|Catalog|Conversion|Out of Range) Error: [^\n]*/.exec(error.message) ?? [];
  if (kind === undefined) return error;
  return kind === "Conversion" || kind === "Out of Range"
    ? new CinelakeError("delta_schema_mismatch", `A value does not fit its column: ${problem}`, { cause: error })
    : new CinelakeError("invalid_argument", `The SQL cannot be evaluated: ${problem}`, { cause: error });
}
