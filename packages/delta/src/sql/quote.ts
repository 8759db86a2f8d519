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

/** SQL string literal; of a text with NUL, at which DuckDB's statements end, an expression in its place. */
export function quoteText(text: string): string {
  const literal = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\0") ? `(${literal.replaceAll("\0", "' || chr(0) || '")})` : literal;
}
