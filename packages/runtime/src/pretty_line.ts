const HIDDEN = new Set(["level", "time", "service", "msg", "err"]);

/** A line of JSON log as one line for a person, e.g. `18:00:00 info  api listening port=8000`; other text comes back as it was. */
export function prettyLine(line: string): string {
  const entry = parse(line);
  if (!entry) return line;
  const fields = Object.entries(entry).filter(([name]) => !HIDDEN.has(name));
  const parts = [
    String(entry.time ?? "").slice(11, 19),
    String(entry.level ?? "").padEnd(5),
    entry.service,
    entry.msg,
    ...fields.map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`),
    errorText(entry.err, entry.level === "debug" || entry.level === "trace"),
  ];
  return `${parts.filter((part) => part !== undefined && part !== "").join(" ")}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function errorText(error: unknown, withStack: boolean): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, message, stack } = error as { code?: unknown; message?: unknown; stack?: unknown };
  if (withStack && typeof stack === "string") return stack;
  return code === undefined ? `(${message})` : `(${code}: ${message})`;
}
