import type { DataFile } from "../data/open_rows.ts";
import { fileKey, physicalPath, type Action, type AddFile, type RemoveFile } from "../log/actions.ts";
import type { DescribedFile } from "../query/prune.ts";

/** Files whose rows are changes of one kind; `changeType` is undefined for files of the feed, in which each row has its own. */
export interface ChangePart {
  readonly changeType: "insert" | "delete" | undefined;
  readonly files: readonly ChangedFile[];
}
type ChangedFile = DataFile & DescribedFile & { readonly size: number };

export interface ChangePlan {
  readonly parts: readonly ChangePart[];
  /** False if rows may have been copied from removed files to added ones, so that not every row is a change. */
  readonly isExact: boolean;
}

/**
 * The changes that a commit made (PROTOCOL.md, reader requirements for AddCDCFile): those of its `cdc` actions if it has any, else the
 * rows of the files that it added and removed. A file that only got another deletion vector counts for the difference.
 * `partitionValuesOf` knows those of a remove that does not say.
 */
export function planChanges(
  actions: readonly Action[],
  partitionValuesOf: (remove: RemoveFile) => AddFile["partitionValues"],
): ChangePlan {
  const feed = actions.flatMap(({ cdc }) => (cdc ? [cdc] : []));
  if (feed.length > 0) return { parts: [{ changeType: undefined, files: feed }], isExact: true };
  const added = actions.flatMap(({ add }) => (add?.dataChange ? [add] : []));
  const removed = actions.flatMap(({ remove }) => (remove?.dataChange ? [remove] : []));
  const removedByPath = new Map(removed.map((remove) => [physicalPath(remove.path), remove]));
  const inserts: ChangedFile[] = [];
  const deletes: ChangedFile[] = [];
  const kept = new Set<RemoveFile>();
  let newFiles = 0;
  for (const add of added) {
    const remove = removedByPath.get(physicalPath(add.path));
    if (remove) {
      kept.add(remove);
      if (fileKey(add) === fileKey(remove)) continue;
      const { deletionVector: now, ...file } = add;
      const { deletionVector: then } = remove;
      if (now) deletes.push({ ...file, ...(then && { deletionVector: then }), wantedRows: now });
      if (then) inserts.push({ ...file, ...(now && { deletionVector: now }), wantedRows: then });
    } else {
      inserts.push(add);
      newFiles++;
    }
  }
  const gone = removed.filter((remove) => !kept.has(remove));
  deletes.push(
    ...gone.map((remove) => ({
      ...remove,
      partitionValues: remove.partitionValues ?? partitionValuesOf(remove),
      size: remove.size ?? 0,
    })),
  );
  const parts: ChangePart[] = [
    { changeType: "delete", files: deletes },
    { changeType: "insert", files: inserts },
  ];
  return { parts: parts.filter(({ files }) => files.length > 0), isExact: newFiles === 0 || gone.length === 0 };
}
