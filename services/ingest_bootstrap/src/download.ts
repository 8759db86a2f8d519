import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { CinelakeError } from "@cinelake/contracts";
import { z } from "zod";
import { namingFullDisk } from "./disk.ts";
import { httpGet, HttpStatusError, UnreachedError, type GetOptions, type Timeouts } from "./http_get.ts";
import { PartFile } from "./part_file.ts";
import type { Counter } from "./progress.ts";
import { DEFAULT_RETRIES, withRetries, type RetryPolicy } from "./retry.ts";
import { transfer } from "./transfer.ts";

export interface DownloadOptions {
  readonly url: string;
  /** Where the MD5 is published; without an answer there the bytes are not checked against anything. */
  readonly md5Url?: string | undefined;
  /** Folder of finished and partial downloads; made if missing. */
  readonly directory: string;
  /** Ask the server whether a finished download is still current. */
  readonly revalidate?: boolean;
  readonly progress?: Counter;
  readonly signal?: AbortSignal | undefined;
  readonly retries?: RetryPolicy;
  readonly timeouts?: Timeouts;
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
}

export interface Downloaded {
  readonly path: string;
  readonly md5: string;
  /** The MD5 was compared with the published one. */
  readonly checked: boolean;
  /** Nothing was transferred: the finished file was there. */
  readonly reused: boolean;
}

const recordSchema = z.object({
  url: z.string(),
  size: z.number(),
  md5: z.string(),
  checked: z.boolean(),
  validator: z.string().optional(),
});

/**
 * Downloads a file, continuing what an earlier run left if the server still has the same bytes. Fails with `network_unavailable` if
 * the server cannot be reached, `checksum_mismatch` (the file is removed), `disk_full` (the part is removed), `download_failed`
 * (the part stays and is continued next time) or `aborted`.
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const target = join(options.directory, fileName(options.url));
  return namingFullDisk(target, async () => {
    await mkdir(options.directory, { recursive: true });
    const finished = await findFinished(target, options);
    if (finished) return finished;
    const expected = options.md5Url === undefined ? undefined : await fetchMd5(options.md5Url, options);
    const part = new PartFile(target);
    const retries = options.retries ?? DEFAULT_RETRIES;
    const validator = await transfer(options.url, part, { ...transport(options), retries, progress: options.progress });
    const md5 = await fileMd5(part.path);
    if (expected !== undefined && md5 !== expected) {
      await part.remove();
      throw new CinelakeError(
        "checksum_mismatch",
        `${options.url} was damaged on its way: its MD5 is ${md5}, published is ${expected}. The file was removed; run the bootstrap again.`,
        { details: { url: options.url, md5, expected } },
      );
    }
    const { size } = await stat(part.path);
    const checked = expected !== undefined;
    await writeFile(`${target}.json`, JSON.stringify({ url: options.url, size, md5, checked, validator }));
    await rename(part.path, target);
    await part.forgetState();
    return { path: target, md5, checked, reused: false };
  });
}

/** MD5 of a file in lower-case hex. */
export async function fileMd5(path: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function findFinished(target: string, options: DownloadOptions): Promise<Downloaded | undefined> {
  const record = await readRecord(`${target}.json`);
  if (record?.url !== options.url) return undefined;
  const size = await stat(target).then(
    (info) => info.size,
    () => undefined,
  );
  if (size !== record.size || (await fileMd5(target)) !== record.md5) return undefined;
  if (options.revalidate === true && !(await isCurrent(record.url, record.validator, options))) return undefined;
  return { path: target, md5: record.md5, checked: record.checked, reused: true };
}

/** Whether the server still has the same bytes; a server out of reach is no reason to refuse what is here. */
async function isCurrent(url: string, validator: string | undefined, options: DownloadOptions): Promise<boolean> {
  if (validator === undefined) return false;
  const name = validator.startsWith('"') ? "if-none-match" : "if-modified-since";
  try {
    const response = await httpGet(url, { ...transport(options), headers: { [name]: validator } });
    response.destroy();
    return response.statusCode === 304;
  } catch (error) {
    if (error instanceof UnreachedError) return true;
    throw error;
  }
}

async function readRecord(path: string): Promise<z.infer<typeof recordSchema> | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}

/** The published MD5 (BSD or GNU form); undefined if the server has no such file or it holds none. */
async function fetchMd5(url: string, options: DownloadOptions): Promise<string | undefined> {
  return withRetries(
    url,
    options.retries ?? DEFAULT_RETRIES,
    async () => {
      const response = await httpGet(url, transport(options));
      const status = response.statusCode ?? 0;
      if (status !== 200) {
        response.destroy();
        if (status >= 400 && status < 500 && status !== 429) return undefined;
        throw new HttpStatusError(url, status);
      }
      let text = "";
      for await (const chunk of response) {
        text += String(chunk);
        if (text.length > 4096) break;
      }
      return /\b[0-9a-f]{32}\b/i.exec(text)?.[0].toLowerCase();
    },
    () => 0,
    options.signal,
  );
}

function transport(options: DownloadOptions): GetOptions {
  return {
    timeouts: options.timeouts ?? { answer: 20_000, silence: 30_000 },
    signal: options.signal,
    proxyEnvironment: options.proxyEnvironment ?? process.env,
  };
}

/** Last part of the address's path, without anything that a file name may not have. */
function fileName(url: string): string {
  const path = URL.parse(url)?.pathname ?? "";
  const name = basename(path).replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return /^\.*$/.test(name) ? "download" : name;
}
