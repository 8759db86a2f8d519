import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { CinelakeError } from "@cinelake/contracts/errors";
import { compareUtf8, isKey } from "./keys.ts";
import type { ObjectInfo } from "./object_store.ts";
import type { S3Location } from "./s3_location.ts";
import type { S3Requests } from "./s3_requests.ts";

/** One page of the bucket's keys that start with `Prefix` and come after `StartAfter`. */
async function page(
  { client, limits, signal }: S3Requests,
  wanted: { Bucket: string; Prefix: string; StartAfter: string | undefined; ContinuationToken: string | undefined },
): Promise<ListObjectsV2CommandOutput> {
  const command = new ListObjectsV2Command({ ...wanted, MaxKeys: limits.pageKeys, EncodingType: "url" });
  return await client.send(command, { abortSignal: signal });
}

/**
 * The store's objects in order, page by page. What no store of ours has put there (folder markers, other tools' odd keys) is left out.
 * Fails with `object_store_unsupported` if the service does not list in the order of UTF-8 bytes: readers of a log rely on it.
 */
export async function* listObjects(
  requests: S3Requests,
  { bucket, prefix: root }: S3Location,
  prefix: string,
  startAfter: string,
): AsyncGenerator<ObjectInfo> {
  let last = startAfter;
  for (let token: string | undefined; ;) {
    const wanted = {
      Bucket: bucket,
      Prefix: root + prefix,
      StartAfter: startAfter === "" ? undefined : root + startAfter,
      ContinuationToken: token,
    };
    const answer = await requests.retried(() => page(requests, wanted));
    for (const { Key = "", Size = 0, LastModified } of answer.Contents ?? []) {
      const full = answer.EncodingType === "url" ? decodeKey(Key) : Key;
      const key = full.slice(root.length);
      if (!full.startsWith(root + prefix) || compareUtf8(key, last) <= 0) throw outOfOrder(bucket, full);
      last = key;
      if (isKey(key)) yield { key, size: Size, lastModified: LastModified?.getTime() ?? 0 };
    }
    token = answer.NextContinuationToken;
    if (!answer.IsTruncated || token === undefined) return;
  }
}

/** A key as a service writes it in a listing that was asked for in URL encoding: as in a query, "+" for a space. */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll("+", " "));
}

function outOfOrder(bucket: string, key: string): CinelakeError {
  return new CinelakeError(
    "object_store_unsupported",
    `The service does not list bucket ${bucket} in the order of UTF-8 bytes from where it was asked to (see ${key}); ` +
      "tables cannot be read safely there. Take a general purpose bucket or another service",
  );
}
