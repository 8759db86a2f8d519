/** SQL identifier, quoted for DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** SQL string literal; of a text with NUL, at which DuckDB's statements end, an expression in its place. */
export function quoteText(text: string): string {
  const literal = `'${text.replaceAll("'", "''")}'`;
  return text.includes("\0") ? `(${literal.replaceAll("\0", "' || chr(0) || '")})` : literal;
}
