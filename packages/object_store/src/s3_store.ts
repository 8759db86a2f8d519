import * as fs from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import { CinelakeError } from "@cinelake/contracts/errors";
import { explain, isFull } from "./disk.ts";
import { checkKey, checkPrefix, RESERVED_NAME, resolveRange } from "./keys.ts";
import type { LocalFile, ObjectInfo, ObjectStore } from "./object_store.ts";
import { download, downloadRange, type Download } from "./s3_download.ts";
import { explainS3, failureOf } from "./s3_errors.ts";
import { listObjects } from "./s3_listing.ts";
import { parseS3Url, s3UrlOf, type S3Location } from "./s3_location.ts";
import {
  deleteObject,
  headObject,
  isOurs,
  newWriteId,
  putObject,
  putObjectIfAbsent,
  type Target,
} from "./s3_objects.ts";
import { DEFAULT_LIMITS, S3Requests, type S3Limits } from "./s3_requests.ts";
import { readFully, uploadInParts } from "./s3_upload.ts";
import { Staging } from "./staging.ts";

const MAX_KEY_BYTES = 1024;

/**
 * Objects below a prefix of a bucket in an S3-compatible service. Any number of processes may share it. Opening asks for a listing and,
 * unless `readOnly`, tries whether `If-None-Match` is honoured. Errors as `openObjectStore` says.
 */
export async function openS3Store(
  url: string,
  options: { readOnly?: boolean; limits?: Partial<S3Limits> } = {},
): Promise<ObjectStore> {
  const location = parseS3Url(url, process.env);
  const store = new S3Store(location, { ...DEFAULT_LIMITS, ...options.limits });
  try {
    await store.reach();
    if (!options.readOnly) await store.probe();
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw explainS3(error, `Cannot open ${store.url}`, "config_invalid");
  }
}

class S3Store implements ObjectStore {
  readonly url: string;
  readonly #location: S3Location;
  readonly #requests: S3Requests;
  readonly #staging = Staging.temporary(fs);

  constructor(location: S3Location, limits: S3Limits) {
    this.url = s3UrlOf(location);
    this.#location = location;
    this.#requests = new S3Requests(location, limits);
  }

  /** Fails unless the bucket can be listed. Also removes what dead processes left in staging. */
  async reach(): Promise<void> {
    const { client, limits } = this.#requests;
    const { bucket, prefix } = this.#location;
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 });
    await this.#requests.retried((abortSignal) => client.send(command, { abortSignal }), limits.openRetryMs);
    await this.#staging.sweep(Date.now());
  }

  /** Fails with `object_store_unsupported` unless the second of two conditional writes is refused. Leaves nothing behind. */
  async probe(): Promise<void> {
    const target = this.#target(`${RESERVED_NAME}probe-${randomUUID()}`);
    const attempt = () => putObjectIfAbsent(this.#requests, target, new Uint8Array(1));
    try {
      if ((await attempt()) && !(await attempt())) return;
    } catch (error) {
      if (failureOf(error) !== "not_implemented") throw error;
    } finally {
      await deleteObject(this.#requests, target);
    }
    throw new CinelakeError(
      "object_store_unsupported",
      `The service of ${this.url} does not honour If-None-Match on PutObject (conditional writes); without it two writers could ` +
        "overwrite each other's commits. Take a service or a version of it that does (AWS S3, MinIO, Ceph, R2, versitygw), or open it read-only",
    );
  }

  async get(key: string): Promise<Uint8Array> {
    return await this.#read(key, (target) => downloadRange(this.#requests, target));
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    return await this.#read(key, async (target) => {
      resolveRange(0, start, end);
      if (start < 0 || end === undefined || end > start)
        return await downloadRange(this.#requests, target, { start, end });
      if (await headObject(this.#requests, target)) return new Uint8Array();
      throw this.#missing(key);
    });
  }

  async stream(key: string): Promise<Readable> {
    const { chunks, cancel } = await this.#download(key);
    return Readable.from(chunks, { objectMode: false }).once("close", cancel);
  }

  async head(key: string): Promise<ObjectInfo | undefined> {
    return await this.#doing(key, `Cannot look for ${key}`, async (target) => {
      const found = await headObject(this.#requests, target);
      return found && { key, size: found.ContentLength ?? 0, lastModified: found.LastModified?.getTime() ?? 0 };
    });
  }

  async *list(prefix: string, options: { startAfter?: string } = {}): AsyncGenerator<ObjectInfo> {
    checkPrefix(prefix);
    try {
      yield* listObjects(this.#requests, this.#location, prefix, options.startAfter ?? "");
    } catch (error) {
      throw this.#explained(error, `Cannot list ${JSON.stringify(prefix)}`);
    }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#doing(key, `Cannot store ${key}`, (target) => putObject(this.#requests, target, bytes));
  }

  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    return await this.#doing(key, `Cannot store ${key}`, (target) => putObjectIfAbsent(this.#requests, target, bytes));
  }

  async putFile(key: string, localPath: string): Promise<void> {
    await this.#doing(key, `Cannot store ${key}`, async (target) => {
      await using file = await fs.open(localPath, "r").catch((cause: unknown) => {
        throw new CinelakeError("invalid_argument", `Cannot store ${key}: ${localPath} cannot be read`, { cause });
      });
      const info = await file.stat();
      if (!info.isFile()) throw new CinelakeError("invalid_argument", `Cannot store ${key}: ${localPath} is no file`);
      const { size } = info;
      if (size > this.#requests.limits.partBytes) {
        const { id, Metadata } = newWriteId();
        const stored = () => isOurs(this.#requests, target, id);
        return await uploadInParts(this.#requests, { ...target, Metadata }, { file, size }, stored);
      }
      const bytes = Buffer.allocUnsafe(size);
      await readFully(file, bytes, 0);
      await putObject(this.#requests, target, bytes);
    });
  }

  async delete(key: string): Promise<void> {
    await this.#doing(key, `Cannot delete ${key}`, (target) => deleteObject(this.#requests, target));
  }

  async localFile(key: string): Promise<LocalFile> {
    const { size, chunks, cancel } = await this.#download(key);
    const folder = await this.stagingDirectory();
    const path = join(folder.path, "object");
    try {
      await pipeline(chunks, createWriteStream(path));
      const written = (await fs.stat(path)).size;
      if (written !== size) throw new Error(`${path} has ${written} bytes instead of ${size}`);
      return { path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      if (isFull(error)) explain(error, `Cannot copy ${key} to ${path}`);
      throw error;
    } finally {
      cancel();
    }
  }

  async stagingDirectory(): Promise<LocalFile> {
    return await this.#staging
      .make()
      .catch((error: unknown) => explain(error, "Cannot make a folder among the system's temporary files"));
  }

  /** Ends what is under way: requests fail with `aborted`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#requests.close();
    await this.#staging.close();
  }

  async #download(key: string): Promise<Download> {
    const { chunks, ...rest } = await this.#read(key, (target) => download(this.#requests, target));
    const explained = (error: unknown) => this.#explained(error, `Cannot read ${key}`);
    return { ...rest, chunks: withErrors(chunks, explained) };
  }

  async #read<T>(key: string, work: (target: Target) => Promise<T>): Promise<T> {
    return await this.#doing(key, `Cannot read ${key}`, async (target) => {
      try {
        return await work(target);
      } catch (error) {
        throw failureOf(error) === "missing_key" ? this.#missing(key, error) : error;
      }
    });
  }

  async #doing<T>(key: string, doing: string, work: (target: Target) => Promise<T>): Promise<T> {
    checkKey(key);
    const target = this.#target(key);
    if (Buffer.byteLength(target.Key) > MAX_KEY_BYTES) {
      const problem = `${doing}: with ${this.url} before it the key is longer than ${MAX_KEY_BYTES} bytes`;
      throw new CinelakeError("invalid_argument", problem);
    }
    try {
      return await work(target);
    } catch (error) {
      throw this.#explained(error, doing);
    }
  }

  #target(key: string): Target {
    return { Bucket: this.#location.bucket, Key: this.#location.prefix + key };
  }

  #explained(error: unknown, doing: string): CinelakeError {
    return explainS3(error, `${doing} in ${this.url}`, "object_store_unavailable");
  }

  #missing(key: string, cause?: unknown): CinelakeError {
    return new CinelakeError("object_not_found", `There is no object ${key} in ${this.url}`, {
      details: { key },
      cause,
    });
  }
}

async function* withErrors<T>(items: AsyncGenerator<T>, explain: (error: unknown) => Error): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw explain(error);
  }
}
