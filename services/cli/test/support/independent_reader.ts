import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";

interface Session {
  query(sql: string, format: string): string;
  cleanup(): void;
}

/** Reads Delta tables with ClickHouse in this process (and delta-kernel-rs inside it): nothing of it is ours. */
export interface IndependentReader extends Disposable {
  /** Every row of the table in a folder of this machine. */
  read(folder: string, name: string): Promise<Record<string, unknown>[]>;
}

/** `directory` becomes the session's; the reader reads below its user_files only, so tables are copied there. */
export async function independentReader(directory: string): Promise<IndependentReader> {
  const location = new URL("../../../../tests/independent_reader/node_modules/chdb/index.mjs", import.meta.url).href;
  const { Session } = (await import(location)) as { Session: new (path: string) => Session };
  const session = new Session(directory);
  return {
    async read(folder, name) {
      const copy = join(directory, "user_files", name);
      await mkdir(join(directory, "user_files"), { recursive: true });
      await cp(folder, copy, { recursive: true });
      const settings = "output_format_json_quote_64bit_integers = 0, session_timezone = 'UTC'";
      const text = session.query(`SELECT * FROM deltaLakeLocal('${copy}') SETTINGS ${settings}`, "JSONEachRow");
      return text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    [Symbol.dispose]: () => session.cleanup(),
  };
}
