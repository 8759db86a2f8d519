/** What follows a mark in DuckDB's error for SQL's `error(mark || text)`; undefined for any other error, also one that quotes such SQL. */
export function markedText(error: unknown, mark: string): string | undefined {
  const start = `Invalid Input Error: ${mark}`;
  const text = error instanceof Error ? error.message.split("\n")[0]! : "";
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}

/** SQL identifier, quoted for DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** SQL string literal. DuckDB's statements end at a NUL character, which therefore is concatenated. */
export function quoteText(text: string): string {
  const literal = `'${text.replaceAll("'", "''")}'`;
  return literal.includes("\0") ? `(${literal.split("\0").join("' || chr(0) || '")})` : literal;
}
