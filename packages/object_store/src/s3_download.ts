import type { Readable } from "node:stream";
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { CinelakeError } from "@cinelake/contracts/errors";
import { resolveRange } from "./keys.ts";
import { failureOf } from "./s3_errors.ts";
import type { S3Requests } from "./s3_requests.ts";
import type { Target } from "./s3_objects.ts";

/** An object whose bytes are on their way. */
export interface Download {
  readonly size: number;
  /** All bytes, once. A connection that is cut or stalls is taken up again where it stopped, on the same version of the object. */
  readonly chunks: AsyncGenerator<Buffer>;
  /** Lets go of a connection that nobody has begun to read. */
  readonly cancel: () => void;
}

/** Begins to read a whole object. Fails as the client does, for instance for a missing key. */
export async function download(requests: S3Requests, target: Target): Promise<Download> {
  const first = await requests.retried((signal) => get(requests, target, signal));
  const size = first.ContentLength;
  if (size === undefined) throw new Error("the service does not say how long the object is");
  return { size, chunks: resumed(requests, target, first, size), cancel: () => bodyOf(first).destroy() };
}

/**
 * The object's bytes, whole or [start, end) as `getRange` means them. The range must not be empty whatever the object: not
 * 0 <= end <= start.
 */
export async function downloadRange(
  requests: S3Requests,
  target: Target,
  range?: { readonly start: number; readonly end: number | undefined },
): Promise<Uint8Array> {
  const conditions = range ? { Range: rangeHeader(range.start, range.end) } : {};
  return await requests.retried(async (signal) => {
    try {
      const answer = await get(requests, target, signal, conditions);
      const bytes = Buffer.concat(await Array.fromAsync(bodyOf(answer)));
      const [, first, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.ContentRange ?? "") ?? [];
      const offset = Number(first ?? 0); // without Content-Range it is the whole object
      const wanted = resolveRange(Number(size ?? bytes.length), range?.start ?? 0, range?.end);
      return bytes.subarray(wanted.start - offset, wanted.end - offset);
    } catch (error) {
      if (failureOf(error) === "bad_range") return new Uint8Array();
      throw error;
    }
  });
}

async function* resumed(
  requests: S3Requests,
  target: Target,
  first: GetObjectCommandOutput,
  size: number,
): AsyncGenerator<Buffer> {
  const patience = requests.patience();
  let answer: GetObjectCommandOutput | undefined = first;
  for (let done = 0; ;) {
    try {
      answer ??= await get(requests, target, requests.signal, { Range: `bytes=${done}-`, IfMatch: first.ETag });
      for await (const chunk of bodyOf(answer)) {
        done += chunk.length;
        yield chunk;
        patience.renew();
      }
      if (done === size) return;
      throw Object.assign(new Error(`the answer ended after ${done} of ${size} bytes`), { code: "ECONNRESET" });
    } catch (error) {
      if (["precondition", "missing_key"].includes(failureOf(error))) throw changed(target, error);
      await patience.wait(error);
      answer = undefined;
    }
  }
}

async function get(
  { client }: S3Requests,
  target: Target,
  abortSignal: AbortSignal,
  conditions: { Range?: string; IfMatch?: string | undefined } = {},
): Promise<GetObjectCommandOutput> {
  return await client.send(new GetObjectCommand({ ...target, ...conditions }), { abortSignal });
}

function bodyOf(answer: GetObjectCommandOutput): Readable {
  return answer.Body as Readable;
}

function rangeHeader(start: number, end?: number): string {
  if (start < 0) return `bytes=${start}`;
  return `bytes=${start}-${end === undefined ? "" : end - 1}`;
}

function changed({ Bucket, Key }: Target, cause: unknown): CinelakeError {
  return new CinelakeError(
    "object_store_unavailable",
    `${Key} in bucket ${Bucket} was replaced or deleted while it was read, and the connection was lost. Read it again`,
    { cause },
  );
}
