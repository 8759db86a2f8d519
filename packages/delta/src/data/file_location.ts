import { posix } from "node:path";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { TableContext } from "../api.ts";
import { physicalPath } from "../log/actions.ts";

/** Where a file lies that a table's log names: an object of the table's store, or of the one that `url` opens. */
export interface FileLocation {
  readonly url: string | undefined;
  readonly key: string;
}

type Place = Pick<TableContext, "store" | "path">;

/** The key of a file that the log names, by a relative or an absolute path; undefined if it lies outside of the store. */
export function keyInStore(place: Place, uri: string): string | undefined {
  const named = absolute(uri);
  if (!named) {
    const key = posix.normalize(`${place.path}/${physicalPath(uri)}`);
    return key === ".." || key.startsWith("../") ? undefined : key;
  }
  const root = rootOf(place);
  if (root?.origin !== named.origin) return undefined;
  const folder = root.path.replace(/\/*$/, "/");
  return named.path.startsWith(folder) ? named.path.slice(folder.length) : undefined;
}

/**
 * Where a file lies. Outside of the store it is refused with `delta_unsupported`, unless the context allows it and it belongs to a
 * store of the same kind.
 */
export function locate(context: Place & Pick<TableContext, "allowOutsideFiles">, uri: string): FileLocation {
  const key = keyInStore(context, uri);
  if (key !== undefined) return { url: undefined, key };
  const named = absolute(uri);
  if (!named) throw outside(context, uri, "relative paths must stay in it");
  if (!context.allowOutsideFiles) throw outside(context, uri, "open the table with allowOutsideFiles to read it there");
  const kind = rootOf(context)?.kind;
  if (kind === "file" && named.origin === "file:") {
    const folder = posix.dirname(named.path).split("/").map(encodeURIComponent).join("/");
    return { url: `file://${folder.replace(/^\/([a-z])%3A/i, "/$1:")}`, key: posix.basename(named.path) };
  }
  if (kind === "s3" && named.kind === "s3") {
    const [, service] = context.store.url.split("?", 2);
    return { url: service === undefined ? named.origin : `${named.origin}?${service}`, key: named.path.slice(1) };
  }
  throw outside(context, uri, "it is in a store of another kind");
}

interface AbsolutePath {
  /** `file`, `s3`, or another scheme. */
  readonly kind: string;
  /** `file:` for this machine, else the scheme with its authority. */
  readonly origin: string;
  /** Decoded, from `/` on. */
  readonly path: string;
}

/** A URI or a path that does not depend on the table's; undefined for one that does. */
function absolute(uri: string): AbsolutePath | undefined {
  const match = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/]*))?(.*)$/is.exec(uri);
  if (!match && !uri.startsWith("/")) return undefined;
  const [, scheme = "file", authority = "", text = uri] = match ?? [];
  const kind = scheme.toLowerCase().replace(/^s3[an]$/, "s3");
  const isLocal = kind === "file" && (authority === "" || authority === "localhost");
  const path = posix.normalize(`/${physicalPath(text)}`);
  return { kind, origin: isLocal ? "file:" : `${kind}://${authority}`, path };
}

function rootOf({ store }: Pick<Place, "store">): AbsolutePath | undefined {
  return absolute(store.url.replace(/[?#].*$/, ""));
}

function outside({ path, store }: Place, uri: string, hint: string): CinelakeError {
  return new CinelakeError(
    "delta_unsupported",
    `Cannot read the table ${path}: its file ${uri} lies outside of its store (${store.url}); ${hint}.`,
    { details: { table: path, path: uri } },
  );
}
