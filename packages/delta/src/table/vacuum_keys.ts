import type { TableContext } from "../api.ts";
import { vectorPlace } from "../data/deletion_vector.ts";
import { keyInStore } from "../data/file_location.ts";
import type { AddFile } from "../log/actions.ts";

/**
 * The keys of a data file and, if it has one in a file, of its deletion vector, however the log names them; those outside of the store are
 * left out.
 */
export function keysOfFile(
  context: TableContext,
  { path, deletionVector }: Pick<AddFile, "path" | "deletionVector">,
): string[] {
  const vector = deletionVector ? vectorPlace(deletionVector) : undefined;
  const uris = vector?.kind === "file" ? [path, vector.uri] : [path];
  return uris.flatMap((uri) => keyInStore(context, uri) ?? []);
}
