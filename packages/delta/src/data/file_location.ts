import { createReadStream } from "node:fs";
import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { buffer } from "node:stream/consumers";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { LocalFile } from "@cinelake/object_store";
import type { TableContext } from "../api.ts";
import { physicalPath } from "../log/actions.ts";

/** Where a file lies that a table's log names: an object of the table's store, or a file of this machine outside of it. */
type Location = { readonly kind: "store"; readonly key: string } | { readonly kind: "outside"; readonly path: string };

type Place = Pick<TableContext, "store" | "path" | "allowOutsideFiles">;

/** A file that the log names, on this machine until disposed. */
export async function openLocalFile(context: Place, uri: string): Promise<LocalFile> {
  const location = locate(context, uri);
  if (location.kind === "store") return context.store.localFile(location.key);
  await checkFile(location.path);
  return { path: location.path, [Symbol.asyncDispose]: async () => {} };
}

/** The first bytes of a file that the log names. */
export async function readStart(context: Place, uri: string, end: number): Promise<Uint8Array> {
  const location = locate(context, uri);
  if (location.kind === "store") return context.store.getRange(location.key, 0, end);
  await checkFile(location.path);
  return buffer(createReadStream(location.path, { end: end - 1 }));
}

/** The same for two URIs that name the same file. */
export function locationKey(context: Place, uri: string): string {
  const location = locate(context, uri);
  return location.kind === "store" ? location.key : `file:${location.path}`;
}

/**
 * A path below the store's root, absolute or not, is read through the store. Any other is refused with `delta_unsupported`, unless the
 * context allows it and both the store and the path are of this machine's file system.
 */
function locate(context: Place, uri: string): Location {
  const key = keyInStore(context, uri);
  if (key !== undefined) return { kind: "store", key };
  const named = absolute(uri);
  if (!named) throw outside(context, uri, "only paths below the store's root can be read");
  if (!context.allowOutsideFiles) throw outside(context, uri, "open the table with allowOutsideFiles to read it there");
  if (named.base !== "file:" || rootOf(context)?.base !== "file:")
    throw outside(context, uri, "it is in another store");
  return { kind: "outside", path: process.platform === "win32" ? named.path.slice(1) : named.path };
}

/** The key of a file that the log names, by a relative or an absolute path; undefined if it lies outside of the store. */
export function keyInStore(context: Pick<Place, "store" | "path">, uri: string): string | undefined {
  const named = absolute(uri);
  if (!named) {
    const key = posix.normalize(`${context.path}/${physicalPath(uri)}`);
    return key === ".." || key.startsWith("../") ? undefined : key;
  }
  const root = rootOf(context);
  if (!root || named.base !== root.base) return undefined;
  const folder = root.path.endsWith("/") ? root.path : `${root.path}/`;
  return named.path.startsWith(folder) ? named.path.slice(folder.length) : undefined;
}

function rootOf({ store }: Pick<Place, "store">): { base: string; path: string } | undefined {
  return absolute(store.url.replace(/[?#].*$/, ""));
}

/** Scheme and authority, and the decoded path, of a URI or a path that does not depend on the table; undefined for one that does. */
function absolute(uri: string): { base: string; path: string } | undefined {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*))?(.*)$/is.exec(uri);
  if (!match && !uri.startsWith("/")) return undefined;
  const [, scheme = "file", authority = "", text = uri] = match ?? [];
  const kind = scheme.toLowerCase().replace(/^s3[an]$/, "s3");
  const isLocal = kind === "file" && (authority === "" || authority === "localhost");
  const path = posix.normalize(`/${physicalPath(text)}`);
  return { base: isLocal ? "file:" : `${kind}://${authority}`, path };
}

async function checkFile(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile()) return;
  throw new CinelakeError("object_not_found", `There is no file ${path}`, { details: { path } });
}

function outside(context: Place, uri: string, hint: string): CinelakeError {
  return new CinelakeError(
    "delta_unsupported",
    `Cannot read the table ${context.path}: its file ${uri} lies outside of its store (${context.store.url}); ${hint}.`,
    { details: { table: context.path, path: uri } },
  );
}
