import type { TableContext } from "../api.ts";

const VERSION = "0.1.0";

export function nowOf(context: TableContext): number {
  return (context.now ?? Date.now)();
}

export function engineInfoOf(context: TableContext): string {
  return context.engineInfo ?? `cinelake-delta/${VERSION}`;
}
