import { realpath, rmdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CinelakeError, findError, isTableName, tablePath, tableSpec } from "@cinelake/contracts";
import { openSqlEngine, openTable, type DeltaTable, type TableContext } from "@cinelake/delta";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { maskUrl } from "@cinelake/runtime";
import { UsageError } from "../arguments.ts";
import type { LoneContext } from "../command.ts";

/** The store's address, and the table's path in it. */
interface Place {
  readonly url: string;
  readonly path: string;
}

/** How table commands say what their PATH may be. */
export const PATH_HELP =
  "PATH is a table's name, its path in the lake, a folder on disk, or an s3:// or file:// address.";

/** Runs `work` on the table that PATH means; it and what it needs are closed afterwards. With `read` nothing is written near it. */
export async function withTable<T>(
  context: LoneContext,
  access: "read" | "write",
  work: (table: DeltaTable, place: TableContext) => Promise<T>,
): Promise<T> {
  return withPlace(context, access, async (place, unknown) => {
    const table = await openTable(place).catch((cause: unknown) => {
      throw findError(cause, "delta_table_not_found") ? unknown(cause) : cause;
    });
    return work(table, place);
  });
}

/** As withTable, for a folder that need not hold a table yet. `unknown` is the error for one that is not there. */
export async function withPlace<T>(
  { options, configuration }: LoneContext,
  access: "read" | "write",
  work: (place: TableContext, unknown: (cause?: unknown) => CinelakeError) => Promise<T>,
): Promise<T> {
  const [name = ""] = options.arguments as readonly string[];
  const { lake } = configuration.urls;
  const place = await placeOf(name, lake);
  const unknown = (cause?: unknown): CinelakeError => notFound(name, place, lake, cause);
  if (place.url.startsWith("file:") && !(await isFolder(join(fileURLToPath(place.url), place.path)))) throw unknown();
  await using store = await openStore(place.url, access === "read");
  await using engine = await openSqlEngine({ memoryLimit: configuration.memoryLimit });
  const allowOutsideFiles = options["outside-files"] === true;
  return await work({ store, engine, path: place.path, allowOutsideFiles }, unknown);
}

/**
 * What PATH means: a name of the specification before anything else, then an address, then a folder on disk (a bare name only if it holds a
 * table), else a path in the lake.
 */
async function placeOf(name: string, lake: string): Promise<Place> {
  if (isTableName(name)) return { url: lake, path: tablePath(tableSpec(name)) };
  if (name.startsWith("file://")) return folderPlace(fileURLToPath(name));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return addressPlace(name);
  const isBare = !isAbsolute(name) && !/^\.{1,2}([/\\]|$)/.test(name);
  if (!isBare || (await isFolder(resolve(name, "_delta_log")))) return folderPlace(resolve(name));
  return { url: lake, path: name.replace(/\/+$/, "") };
}

/** A folder's parent is the store, for a store's root is no table. */
async function folderPlace(folder: string): Promise<Place> {
  const real = await realpath(folder).catch(() => folder);
  if (dirname(real) === real) throw new UsageError(`${folder} is no folder of a table`);
  return { url: pathToFileURL(dirname(real)).href, path: basename(real) };
}

function addressPlace(address: string): Place {
  const [, base = "", path = "", parameters = ""] = /^([^?#]*[^/?#:])\/([^/?#]+)\/*([?#].*)?$/.exec(address) ?? [];
  if (path === "") throw new UsageError(`${maskUrl(address)} names no folder of a table: give scheme://store/folder`);
  return { url: base + parameters, path };
}

function notFound(name: string, place: Place, lake: string, cause: unknown): CinelakeError {
  const where = place.url.startsWith("file:") ? join(fileURLToPath(place.url), place.path) : maskUrl(place.url);
  const isLake = place.url === lake;
  const also = isLake && !isTableName(name) ? ` and ${resolve(name)}` : "";
  return new CinelakeError(
    "delta_table_not_found",
    `There is no table ${maskUrl(name)}: looked for it ${isLake ? "in the lake, " : ""}at ${where}${also}`,
    { cause },
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

/** To be `openObjectStore(url, { readOnly })` once stores can be opened so: until then what opening one to write leaves is taken away. */
async function openStore(url: string, readOnly: boolean): Promise<ObjectStore> {
  const store = await openObjectStore(url);
  if (!readOnly || !url.startsWith("file:")) return store;
  const close = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    await rmdir(join(fileURLToPath(url), ".cinelake-staging")).catch(() => undefined);
  };
  return new Proxy(store, {
    get(target, property) {
      if (property === Symbol.asyncDispose) return close;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
