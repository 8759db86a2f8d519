import { fileKey, type Action, type AddFile } from "./actions.ts";

/** What a commit relied on and does, as far as commits that came in between can upset it. */
export interface Intent {
  /** Whether the commit would have read a file, had it been there: nothing for a blind append, everything for a whole table's overwrite. */
  reads(file: AddFile): boolean;
  /** Files that were read, by `fileKey`. */
  readonly readFiles: ReadonlySet<string>;
  /** Files that it removes, by `fileKey`; always among those read. */
  readonly removedFiles: ReadonlySet<string>;
  /** Applications whose transaction it sets. */
  readonly applications: ReadonlySet<string>;
}

export type Conflict =
  | { readonly kind: "protocol_changed" }
  | { readonly kind: "metadata_changed" }
  | { readonly kind: "concurrent_transaction"; readonly appId: string }
  | { readonly kind: "concurrent_append"; readonly file: string }
  | { readonly kind: "concurrent_delete_read"; readonly file: string }
  | { readonly kind: "concurrent_delete_delete"; readonly file: string };

/**
 * The reason why a commit cannot follow the `winner` that took its version, or undefined if it can take the next one. The outcome is
 * serializable. Files rearranged without a change of data (`dataChange` false) upset only who removes the same ones.
 */
export function findConflict(mine: Intent, winner: readonly Action[]): Conflict | undefined {
  if (winner.some((action) => action.protocol)) return { kind: "protocol_changed" };
  if (winner.some((action) => action.metaData)) return { kind: "metadata_changed" };
  for (const { txn } of winner) {
    if (txn && mine.applications.has(txn.appId)) return { kind: "concurrent_transaction", appId: txn.appId };
  }
  for (const { add } of winner) {
    if (add && add.dataChange && mine.reads(add)) return { kind: "concurrent_append", file: add.path };
  }
  for (const { remove } of winner) {
    if (!remove) continue;
    const key = fileKey(remove);
    if (mine.removedFiles.has(key)) return { kind: "concurrent_delete_delete", file: remove.path };
    if (remove.dataChange && mine.readFiles.has(key)) return { kind: "concurrent_delete_read", file: remove.path };
  }
  return undefined;
}

/** What a person is told. */
export function describeConflict(conflict: Conflict): string {
  switch (conflict.kind) {
    case "protocol_changed":
      return "it changes the table's protocol";
    case "metadata_changed":
      return "it changes the table's schema or properties";
    case "concurrent_transaction":
      return `it advances the application ${conflict.appId} as well`;
    case "concurrent_append":
      return `it adds rows among those that were read (${conflict.file})`;
    case "concurrent_delete_read":
      return `it removes a file that was read (${conflict.file})`;
    case "concurrent_delete_delete":
      return `it removes a file that is removed here as well (${conflict.file})`;
  }
}
