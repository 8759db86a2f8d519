/** SQL identifier, quoted for DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** SQL string literal. DuckDB's statements end at a NUL character, which therefore is concatenated. */
export function quoteText(text: string): string {
  const literal = `'${text.replaceAll("'", "''")}'`;
  return literal.includes("\0") ? `(${literal.split("\0").join("' || chr(0) || '")})` : literal;
}
