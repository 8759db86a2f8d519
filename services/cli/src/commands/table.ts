import { isTableName, tablePath, tableSpec } from "@cinelake/contracts";
import { openTable, type At, type DeltaTable } from "@cinelake/delta";
import type { Command, CommandContext } from "../command.ts";

export const tableReadCommand: Command = {
  name: "table read",
  summary: "Prints a table's rows, one JSON object a line. NAME is a table's name or its path in the lake.",
  arguments: ["NAME"],
  options: {
    version: { type: "integer", description: "the table as of this version" },
    limit: { type: "integer", description: "at most so many rows", minimum: 1 },
  },
  async run({ house, options, line, signal }) {
    const table = await openNamed(house, options.arguments as string[]);
    const at: At | undefined = options.version === undefined ? undefined : { version: options.version as number };
    const limit = (options.limit as number | undefined) ?? Number.POSITIVE_INFINITY;
    let rows = 0;
    for await (const batch of (await table.snapshot(at)).read()) {
      signal.throwIfAborted();
      for (const row of batch.slice(0, limit - rows)) line(JSON.stringify(row, plainValue));
      rows += Math.min(batch.length, limit - rows);
      if (rows >= limit) break;
    }
    return { json: { rows }, text: "" };
  },
};

export const tableHistoryCommand: Command = {
  name: "table history",
  summary: "Lists a table's versions, newest first.",
  arguments: ["NAME"],
  options: { limit: { type: "integer", description: "at most so many versions", default: 20, minimum: 1 } },
  async run({ house, options }) {
    const table = await openNamed(house, options.arguments as string[]);
    const history = await table.history(options.limit as number);
    const lines = history.map(
      ({ version, timestamp, operation, metrics }) =>
        `${String(version).padStart(6)}  ${new Date(timestamp).toISOString()}  ${(operation ?? "").padEnd(14)}${JSON.stringify(metrics)}`,
    );
    return { json: history, text: lines.join("\n") };
  },
};

function openNamed({ store, engine }: CommandContext["house"], [name = ""]: string[]): Promise<DeltaTable> {
  const path = isTableName(name) ? tablePath(tableSpec(name)) : name.replace(/\/+$/, "");
  return openTable({ store, engine, path });
}

/** JSON for what JSON lacks: big integers as numbers in text, maps as lists of pairs, bytes in base64. */
function plainValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Map) return [...value];
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}
