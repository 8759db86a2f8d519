import { copyFile, mkdir, readdir, stat } from "node:fs/promises";
import { constants } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CinelakeError } from "@cinelake/contracts";
import { findDataset, SYNTHETIC } from "./datasets.ts";
import { requireSpace } from "./disk.ts";
import { download, fileMd5, type DownloadOptions } from "./download.ts";
import { extractArchive } from "./extract.ts";
import { stepCounter, type Progress } from "./progress.ts";
import { writeSynthetic } from "./synthetic.ts";
import { syntheticShape, syntheticUrl, type SyntheticOptions, type SyntheticShape } from "./synthetic_shape.ts";
import { KNOWN_FILES, REQUIRED_FILES, requireFiles, type ZipLimits } from "./zip_plan.ts";

/** Where a data set's files come from; `url` identifies it in the manifest. */
export type Source =
  | { readonly kind: "download"; readonly url: string; readonly md5Url: string }
  | { readonly kind: "archive" | "folder"; readonly url: string; readonly path: string }
  | { readonly kind: "generated"; readonly url: string; readonly shape: SyntheticShape };

export interface SourceOptions {
  readonly dataset: string;
  /** A zip archive, a folder with the CSV files, or the http(s) address of an archive; default is the data set's own address. */
  readonly source?: string | undefined;
  /** Only for the data set `synthetic`. */
  readonly synthetic?: SyntheticOptions | undefined;
}

/** `invalid_argument` for unknown names and combinations without meaning, `dataset_invalid` for a local path that does not exist. */
export async function findSource({ dataset: name, source, synthetic }: SourceOptions): Promise<Source> {
  const dataset = findDataset(name, source !== undefined);
  if (dataset.name === SYNTHETIC) {
    if (source !== undefined)
      throw new CinelakeError("invalid_argument", "The synthetic data set is made here, it takes no source.");
    const shape = syntheticShape(synthetic);
    return { kind: "generated", url: syntheticUrl(shape), shape };
  }
  const address = source ?? dataset.url!;
  if (/^https?:\/\//i.test(address)) {
    const md5Url = source === undefined || source === dataset.url ? dataset.md5Url : undefined;
    return { kind: "download", url: address, md5Url: md5Url ?? `${address}.md5` };
  }
  const path = resolve(address);
  const info = await stat(path).catch((cause: unknown) => {
    throw new CinelakeError("dataset_invalid", `Source ${path} does not exist or cannot be read.`, { cause });
  });
  return { kind: info.isDirectory() ? "folder" : "archive", url: pathToFileURL(path).href, path };
}

/** MD5 of a local archive, which may show that there is nothing to do before anything is unpacked. */
export async function archiveMd5(source: Source): Promise<string | undefined> {
  return source.kind === "archive" ? await fileMd5(source.path) : undefined;
}

export interface FetchOptions {
  /** Folder of downloads. */
  readonly downloads: string;
  readonly progress: Progress;
  readonly revalidate: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly limits?: ZipLimits | undefined;
  readonly transport?: Pick<DownloadOptions, "retries" | "timeouts" | "proxyEnvironment"> | undefined;
}

/** Brings a source's files into the new folder `target`. Returns their names and the archive's MD5, if there is one. */
export async function fetchFiles(
  source: Source,
  target: string,
  options: FetchOptions,
): Promise<{ names: string[]; archiveMd5: string | undefined }> {
  const { progress, signal } = options;
  const unpack = (archive: string): Promise<string[]> =>
    extractArchive(archive, target, {
      progress: stepCounter(progress, "extract", "bytes"),
      signal,
      ...(options.limits ? { limits: options.limits } : {}),
    });
  switch (source.kind) {
    case "download": {
      const file = await download({
        ...options.transport,
        url: source.url,
        md5Url: source.md5Url,
        directory: options.downloads,
        revalidate: options.revalidate,
        progress: stepCounter(progress, "download", "bytes"),
        signal,
      });
      return { names: await unpack(file.path), archiveMd5: file.md5 };
    }
    case "archive": {
      const md5 = await fileMd5(source.path);
      return { names: await unpack(source.path), archiveMd5: md5 };
    }
    case "folder":
      return { names: await copyFolder(source.path, target, options), archiveMd5: undefined };
    case "generated":
      await mkdir(target);
      await writeSynthetic(target, source.shape, {
        progress: stepCounter(progress, "generate", "rows"),
        ...(signal ? { signal } : {}),
      });
      return { names: [...REQUIRED_FILES], archiveMd5: undefined };
  }
}

/** Copies, so that the folder's owner may change or delete it at any time. */
async function copyFolder(folder: string, target: string, { progress, signal }: FetchOptions): Promise<string[]> {
  const present = await readdir(folder);
  const names = KNOWN_FILES.filter((name) => present.includes(name));
  requireFiles(folder, names);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  await mkdir(target);
  await requireSpace(target, total);
  const count = stepCounter(progress, "copy", "bytes");
  let done = 0;
  for (const [index, name] of names.entries()) {
    signal?.throwIfAborted();
    await copyFile(join(folder, name), join(target, name), constants.COPYFILE_FICLONE);
    count((done += sizes[index]!), total);
  }
  return names;
}
