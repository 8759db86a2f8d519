import type { CommitResult, Source, TableContext, WriteOptions } from "../api.ts";
import type { TableState } from "../log/state.ts";
import { openSource } from "./source.ts";
import { beginWrite, commitChange } from "./write.ts";

export async function append(
  context: TableContext,
  state: TableState,
  source: Source,
  options: WriteOptions,
): Promise<CommitResult> {
  const begun = await beginWrite(context, state, options);
  await using rows = await openSource(context, source, begun, options);
  const { partitionColumns } = state.metadata;
  const change = {
    operation: "WRITE",
    parameters: { mode: "Append", partitionBy: JSON.stringify(partitionColumns) },
    metrics: {},
    next: rows.next,
    rows: [rows.sql],
    mostPartitions: rows.loaded,
    removes: [],
    isBlindAppend: true,
    reads: () => false,
    readFiles: [],
  };
  return await commitChange(context, state, change, options);
}
