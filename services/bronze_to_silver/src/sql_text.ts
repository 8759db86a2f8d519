/** A DuckDB identifier, quoted whatever it holds. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A DuckDB string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `FROM`-able text for a Parquet file on this machine. */
export function parquet(path: string): string {
  return `read_parquet(${literal(path)})`;
}

/** Names among `available` that occur as words in an SQL expression, string literals left out. */
export function columnsRead(expression: string, available: readonly string[]): string[] {
  const words = new Set(expression.replaceAll(/'(?:[^']|'')*'/g, " ").match(/[A-Za-z_][A-Za-z_0-9]*/g));
  return available.filter((name) => words.has(name));
}
