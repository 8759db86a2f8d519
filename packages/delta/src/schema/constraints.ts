import { CinelakeError } from "@cinelake/contracts/errors";
import type { StructType } from "../api.ts";
import type { SqlEngine } from "../engine.ts";
import { constraintsOf } from "../log/protocol.ts";
import { markedText, quoteName, quoteText } from "../sql/quote.ts";
import { nullRow } from "../sql/parquet_relation.ts";
import { sqlType } from "./types.ts";

/** What every row must satisfy, as DuckDB's SQL over the table's columns. */
export interface RowConstraint {
  readonly name: string;
  readonly sql: string;
}

const MARK = "cinelake_constraint:";

/** A table's CHECK constraints and the invariants of its columns (PROTOCOL.md); their SQL is Spark's, with its backticks. */
export function rowConstraints(
  schema: StructType,
  configuration: Readonly<Record<string, string>>,
): readonly RowConstraint[] {
  const checks = Array.from(constraintsOf(configuration), ([name, sql]) => ({ name, sql: fromSpark(sql) }));
  return [...checks, ...invariantsOf(schema, "")];
}

/** As in Spark, those of columns and of fields of structs, over the table's columns all the same. */
function invariantsOf({ fields }: StructType, path: string): readonly RowConstraint[] {
  return fields.flatMap(({ name, type, metadata }) => {
    const full = path + name;
    const text = metadata?.["delta.invariants"];
    const own = typeof text === "string" ? [{ name: full, sql: fromSpark(invariantOf(text, full)) }] : [];
    return typeof type === "object" && type.type === "struct" ? [...own, ...invariantsOf(type, `${full}.`)] : own;
  });
}

/** The relation with rows that fail where a constraint does not hold; as in Spark one that comes to null does not hold. */
export function constrained(relation: string, constraints: readonly RowConstraint[]): string {
  if (constraints.length === 0) return relation;
  const tests = constraints.map(
    ({ name, sql }) => `CASE WHEN (${sql}) THEN true ELSE error(${quoteText(MARK + name)}) END`,
  );
  return `(SELECT * FROM ${relation} WHERE ${tests.join(" AND ")})`;
}

/** Fails with `delta_unsupported` for constraints that DuckDB cannot evaluate over the columns. */
export async function checkConstraints(
  engine: SqlEngine,
  schema: StructType,
  constraints: readonly RowConstraint[],
): Promise<void> {
  const row = nullRow(schema.fields.map(({ name, type }) => ({ name, type: sqlType(type) })));
  for (const { name, sql } of constraints) {
    await engine.rows(`SELECT (${sql})::BOOLEAN FROM ${row} WHERE false`).catch((cause: unknown) => {
      throw new CinelakeError(
        "delta_unsupported",
        `The constraint ${name} (${sql}) cannot be evaluated: ${String(cause).split("\n")[0]}. Write it in SQL that DuckDB knows too.`,
        { cause, details: { constraint: name } },
      );
    });
  }
}

/** DuckDB's error for a broken constraint as `delta_schema_mismatch`; other errors as they are. */
export function explainConstraint(error: unknown): unknown {
  const constraint = markedText(error, MARK);
  if (constraint === undefined) return error;
  return new CinelakeError("delta_schema_mismatch", `A row breaks the constraint ${constraint} of the table.`, {
    details: { constraint },
  });
}

function invariantOf(text: string, column: string): string {
  try {
    const { expression } = JSON.parse(text) as { expression?: { expression?: unknown } };
    if (typeof expression?.expression === "string") return expression.expression;
  } catch {
    // Said below, with the column's name.
  }
  throw new CinelakeError("delta_unsupported", `The invariant of column ${column} is of no known form: ${text}.`, {
    details: { column, feature: "invariants" },
  });
}

/** Spark quotes names by backticks and texts by double quotes too; in texts it knows backslashes. */
function fromSpark(sql: string): string {
  const tokens = /`((?:[^`]|``)*)`|'((?:[^'\\]|\\[^]|'')*)'|"((?:[^"\\]|\\[^]|"")*)"/g;
  return sql.replace(tokens, (_, name?: string, single?: string, double?: string) => {
    if (name !== undefined) return quoteName(name.replaceAll("``", "`"));
    return quoteText(unescaped(single?.replaceAll("''", "'") ?? double!.replaceAll('""', '"')));
  });
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", "0": "\0", Z: "\u001a" };

/** `\%` and `\_` stay as they are: they are LIKE's. */
function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (whole, code?: string, character?: string) => {
    if (code !== undefined) return String.fromCharCode(parseInt(code, 16));
    return character === "%" || character === "_" ? whole : (ESCAPES[character!] ?? character!);
  });
}
