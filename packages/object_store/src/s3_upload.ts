import type { FileHandle } from "node:fs/promises";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from "@aws-sdk/client-s3";
import { CinelakeError } from "@cinelake/contracts/errors";
import type { Target } from "./s3_objects.ts";
import type { S3Requests } from "./s3_requests.ts";

const MAX_PARTS = 10_000;
const MIB = 1024 * 1024;

/**
 * Sends the file's `size` bytes in parts; the object appears whole, when the last step succeeds. Holds `partsAtOnce` parts in memory.
 * On failure no part stays behind. `isStored` tells whether the object is there with our `metadata`, for an answer that was lost.
 */
export async function uploadInParts(
  requests: S3Requests,
  target: Target & { readonly Metadata: Record<string, string> },
  { file, size }: { readonly file: FileHandle; readonly size: number },
  isStored: () => Promise<boolean>,
): Promise<void> {
  const { client, limits } = requests;
  const { Bucket, Key } = target;
  const { UploadId } = await requests.retried((abortSignal) =>
    client.send(new CreateMultipartUploadCommand(target), { abortSignal }),
  );
  const upload = { Bucket, Key, UploadId };
  const partBytes = partSize(size, limits.partBytes);
  const sendPart = async (PartNumber: number, buffer: Buffer): Promise<CompletedPart> => {
    const start = (PartNumber - 1) * partBytes;
    const Body = buffer.subarray(0, Math.min(partBytes, size - start));
    await readFully(file, Body, start);
    const { ETag } = await requests.retried((abortSignal) =>
      client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), { abortSignal }),
    );
    return { PartNumber, ETag };
  };
  try {
    const Parts = await eachPart(Math.ceil(size / partBytes), limits.partsAtOnce, partBytes, sendPart);
    await requests.retried(async (abortSignal) => {
      try {
        await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), {
          abortSignal,
        });
      } catch (error) {
        if (!isGone(error) || !(await isStored())) throw error;
      }
    });
  } catch (error) {
    await requests
      .retried(
        (abortSignal) => client.send(new AbortMultipartUploadCommand(upload), { abortSignal }),
        limits.openRetryMs,
      )
      .catch(() => undefined);
    throw error;
  }
}

/** Whole MiB, few enough for the limit on the number of parts. */
export function partSize(size: number, atLeast: number): number {
  return Math.max(atLeast, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}

/** Fills the buffer from `start` of the file; fails with `invalid_argument` if the file cannot be read or is too short. */
export async function readFully(file: FileHandle, buffer: Buffer, start: number): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, start + done).catch((cause: unknown) => {
      throw new CinelakeError("invalid_argument", `A file cannot be read while it is stored: ${String(cause)}`, {
        cause,
      });
    });
    if (bytesRead === 0)
      throw new CinelakeError(
        "invalid_argument",
        "A file became shorter while it was stored: something else writes to it",
      );
    done += bytesRead;
  }
}

/** All parts in order, some at a time, each worker with one buffer. After a failure no further part begins, and all have ended. */
async function eachPart(
  count: number,
  atOnce: number,
  partBytes: number,
  send: (number: number, buffer: Buffer) => Promise<CompletedPart>,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  let next = 1;
  const work = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(partBytes);
    try {
      while (next <= count) {
        const number = next++;
        parts[number - 1] = await send(number, buffer);
      }
    } catch (error) {
      next = count + 1;
      throw error;
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(atOnce, count) }, work));
  const failed = workers.find((worker) => worker.status === "rejected");
  if (failed) throw failed.reason;
  return parts;
}

/** The upload has ended: completed by an earlier attempt whose answer was lost, or aborted by somebody. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchUpload";
}
