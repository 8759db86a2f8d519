import type { DeltaTable, Row } from "@cinelake/delta";

/** Ids remembered as being in the table; beyond it they are looked up again. */
const REMEMBERED = 500_000;

/** Sees to it that a table has a row for every id that events name. */
export interface Placeholders {
  /** Adds a row for each id that the table lacks; makes no version if it has all. */
  add(ids: readonly number[]): Promise<void>;
}

/**
 * `key` is the column of the ids, `rowOf` makes a placeholder. What the table was found to have is believed for as long as nobody else
 * changes it: another version may lack rows again.
 */
export function createPlaceholders(table: DeltaTable, key: string, rowOf: (id: number) => Row): Placeholders {
  let known = new Set<number>();
  let knownAt: number | undefined;
  return {
    async add(ids) {
      const { version: before } = await table.snapshot();
      if (before !== knownAt || known.size > REMEMBERED) known = new Set();
      const unknown = ids.filter((id) => !known.has(id));
      if (unknown.length === 0) return;
      const { version, committed } = await table.merge(
        { rows: unknown.map(rowOf) },
        { key: [key], updateWhen: "false" },
      );
      if (version !== before + (committed ? 1 : 0)) known = new Set();
      for (const id of unknown) known.add(id);
      knownAt = version;
    },
  };
}
