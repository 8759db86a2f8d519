import type { TableContext } from "../api.ts";
import { physicalPath, type DeletionVector } from "../log/actions.ts";

/** A file that the log names, live or removed. */
interface NamedFile {
  readonly path: string;
  readonly deletionVector?: DeletionVector | null;
}

/** The decoded paths of the data file and, if it has one in a file, of its deletion vector: relative to the table's folder, or absolute. */
export function pathsOfFile({ path, deletionVector }: NamedFile): string[] {
  const vector = deletionVector ? deletionVectorPath(deletionVector) : undefined;
  return [physicalPath(path), ...(vector === undefined ? [] : [vector])];
}

/** The path from the table's folder; undefined for an absolute path that leads elsewhere. */
export function pathWithin({ store, path: table }: TableContext, path: string): string | undefined {
  if (!/^([a-z][a-z0-9+.-]*:|\/)/i.test(path)) return path;
  const root = `${withoutScheme(decodeURIComponent(store.url.replace(/[?#].*$/, ""))).replace(/\/+$/, "")}/${table}/`;
  const absolute = withoutScheme(path);
  return absolute.startsWith(root) ? absolute.slice(root.length) : undefined;
}

/** `/a`, `file:/a` and `file:///a` are one; s3a and s3n are other names of s3. */
function withoutScheme(path: string): string {
  return path.replace(/^file:\/*/i, "/").replace(/^s3[an]:/i, "s3:");
}

/** Where a deletion vector lies (PROTOCOL.md, deletion vector descriptor); undefined for one in the log itself. */
function deletionVectorPath({ storageType, pathOrInlineDv }: DeletionVector): string | undefined {
  if (storageType === "p") return physicalPath(pathOrInlineDv);
  if (storageType !== "u") return undefined;
  const folder = pathOrInlineDv.slice(0, -20);
  return `${folder === "" ? "" : `${folder}/`}deletion_vector_${uuidOf(pathOrInlineDv.slice(-20))}.bin`;
}

const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** The UUID that 20 characters of Z85 stand for. */
function uuidOf(text: string): string {
  const words = text.match(/.{5}/g) ?? [];
  const hex = words.map((word) => {
    const value = Array.from(word).reduce((sum, character) => sum * 85 + Z85.indexOf(character), 0);
    return value.toString(16).padStart(8, "0");
  });
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
