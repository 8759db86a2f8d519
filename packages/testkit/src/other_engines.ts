import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startLineProcess } from "./line_process.ts";

const independentReader = fileURLToPath(new URL("../../../tests/independent_reader/", import.meta.url));
const deltaRsFolder = fileURLToPath(new URL("../../../tests/delta_rs/", import.meta.url));

/** ClickHouse with delta-kernel-rs in a process of its own. */
export interface Chdb extends AsyncDisposable {
  /** Rows of a query in ClickHouse's SQL: numbers of 64 bits, decimals and what is not finite as text, times in UTC. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

/** Starts chdb; it reads tables below `folder` only. Fails where `make test_servers` has not installed it. */
export function openChdb(folder: string): Chdb {
  requireInstalled(`${independentReader}node_modules/chdb/package.json`);
  const child = startLineProcess(process.execPath, [`${independentReader}query.mjs`], folder);
  const settings = [
    "output_format_json_quote_64bit_integers=1",
    "output_format_json_quote_decimals=1",
    "output_format_decimal_trailing_zeros=1",
    "output_format_json_quote_denormals=1",
    "output_format_json_named_tuples_as_objects=1",
    "session_timezone='UTC'",
    // Counts of rows from the log alone would ignore deletion vectors.
    "optimize_count_from_files=0",
    "optimize_trivial_count_query=0",
  ];
  return {
    rows: (sql) => child.call({ sql: `${sql} SETTINGS ${settings.join(", ")}` }) as Promise<Record<string, unknown>[]>,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** delta-rs in a process of its own. */
export interface DeltaRs extends AsyncDisposable {
  /** Runs a command of `tests/delta_rs` on the table in a folder. */
  call<T = unknown>(command: string, table: string, options?: Readonly<Record<string, unknown>>): Promise<T>;
}

/** Starts delta-rs. Fails where `make test_servers` has not installed it. */
export function openDeltaRs(): DeltaRs {
  const python = `${deltaRsFolder}.venv/bin/python`;
  requireInstalled(python);
  const child = startLineProcess(python, ["-X", "utf8", `${deltaRsFolder}delta_rs.py`]);
  return {
    call: <T>(command: string, table: string, options: Readonly<Record<string, unknown>> = {}) =>
      child.call({ command, table, ...options }) as Promise<T>,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function requireInstalled(path: string): void {
  if (!existsSync(path)) throw new Error(`${path} is missing: run make install_servers`);
}
