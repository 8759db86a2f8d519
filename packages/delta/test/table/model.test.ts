import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createTable, openTable, type Row } from "@cinelake/delta";
import { openLake, rowsOf, sorted, struct } from "../support/tables.ts";

type ModelRow = { id: number; p: string | null; v: number | null };
type Operation =
  | { readonly kind: "append"; readonly rows: ModelRow[] }
  | { readonly kind: "overwrite"; readonly rows: ModelRow[]; readonly p?: string }
  | { readonly kind: "merge"; readonly rows: ModelRow[]; readonly newer: boolean; readonly p?: string };

const partition = fc.constantFrom("x", "y z", "%", null);
const value = fc.option(fc.integer({ min: 0, max: 3 }));
const row = fc.record({ id: fc.integer({ min: 0, max: 12 }), p: partition, v: value });
const rows = fc.array(row, { maxLength: 6 });
const distinct = fc.uniqueArray(row, { maxLength: 6, selector: ({ id }) => id });
const named = fc.option(fc.constantFrom("x", "y z"), { nil: undefined });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), rows }),
  fc.record({ kind: fc.constant("overwrite" as const), rows, p: named }),
  fc.record({ kind: fc.constant("merge" as const), rows: distinct, newer: fc.boolean(), p: named }),
);

const isNewer = (mine: number | null, theirs: number | null): boolean =>
  mine !== null && theirs !== null && mine > theirs;

/** What the operation makes of the rows, by plain loops. */
function apply(before: readonly ModelRow[], op: Operation): ModelRow[] {
  if (op.kind === "append") return [...before, ...op.rows];
  if (op.kind === "overwrite") {
    return op.p === undefined ? op.rows : [...before.filter((r) => r.p !== op.p), ...inPartition(op)];
  }
  const matches = (source: ModelRow, target: ModelRow): boolean =>
    source.id === target.id && (op.p === undefined || target.p === op.p);
  const kept = before.map((target) => {
    const source = op.rows.find((candidate) => matches(candidate, target));
    return source && (!op.newer || isNewer(source.v, target.v)) ? source : target;
  });
  return [...kept, ...op.rows.filter((source) => !before.some((target) => matches(source, target)))];
}

function inPartition(op: Operation & { readonly kind: "overwrite" }): ModelRow[] {
  return op.rows.map((r) => ({ ...r, p: op.p! }));
}

test("every_version_equals_the_model: random appends, overwrites and merges, read back by time travel", async () => {
  await using lake = await openLake();
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      async (operations, partitioned) => {
        const context = { ...lake.context, path: `m${tables++}` };
        const schema = struct({ "id!": "long", p: "string", v: "integer" });
        const configuration = { "delta.checkpointInterval": "4" };
        const table = await createTable(context, { schema, configuration, partitionColumns: partitioned ? ["p"] : [] });
        const versions: Row[][] = [[]];
        for (const given of operations) {
          const op = partitioned || given.kind === "merge" ? given : { ...given, p: undefined };
          const before = versions.at(-1) as ModelRow[];
          const after = sorted(apply(before, op as Operation));
          const where = "p" in op && op.p !== undefined ? [{ column: "p", op: "=" as const, value: op.p }] : [];
          const result =
            op.kind === "append"
              ? await table.append({ rows: op.rows })
              : op.kind === "overwrite"
                ? await table.overwrite({ rows: op.p === undefined ? op.rows : inPartition(op as never) }, { where })
                : await table.merge(
                    { rows: op.rows },
                    { key: ["id"], where, ...(op.newer ? { updateWhen: "source.v > target.v" } : {}) },
                  );
          if (op.kind === "merge") expect(result.committed).toBe(JSON.stringify(after) !== JSON.stringify(before));
          if (result.committed) versions.push(after);
          else expect(after).toEqual(before);
          expect(result.version).toBe(versions.length - 1);
        }
        const reopened = await openTable(context);
        for (const [version, expected] of versions.entries()) {
          expect(await rowsOf(reopened, version)).toEqual(expected);
          expect((await reopened.snapshot({ version })).rowCount).toBe(expected.length);
        }
        expect(await rowsOf(table)).toEqual(versions.at(-1));
      },
    ),
    { numRuns: 12 },
  );
});
