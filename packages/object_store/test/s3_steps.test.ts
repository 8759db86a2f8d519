import { expect, test } from "vitest";
import { failureOf, type S3Failure } from "../src/s3_errors.ts";
import { decodeKey } from "../src/s3_listing.ts";
import { Patience } from "../src/s3_requests.ts";
import { partSize } from "../src/s3_upload.ts";

const MIB = 1024 * 1024;

const thrown = (name: string, status?: number, code?: string): Error =>
  Object.assign(new Error("said"), { name, $metadata: { httpStatusCode: status }, ...(code && { code }) });

test.each<[Error, S3Failure]>([
  [thrown("SlowDown", 503), "again"],
  [thrown("TooManyRequests", 429), "again"],
  [thrown("Unknown", 502), "again"],
  [thrown("InternalError", 200), "again"], // what CompleteMultipartUpload may answer
  [thrown("RequestTimeout", 400), "again"],
  [thrown("RequestTimeTooSkewed", 403), "again"],
  [thrown("ConditionalRequestConflict", 409), "again"],
  [thrown("Error", undefined, "ECONNREFUSED"), "again"],
  [thrown("Error", 200, "ECONNRESET"), "again"], // cut off in the middle of an answer
  [thrown("TimeoutError"), "again"],
  [thrown("PreconditionFailed", 412), "precondition"],
  [thrown("NoSuchKey", 404), "missing_key"],
  [thrown("NoSuchBucket", 404), "missing_bucket"],
  [thrown("ObjectParentIsFile", 409), "key_conflict"],
  [thrown("AccessDenied", 403), "denied"],
  [thrown("NotImplemented", 501), "not_implemented"],
  [thrown("InsufficientStorage", 507), "full"],
  [thrown("Error", undefined, "DEPTH_ZERO_SELF_SIGNED_CERT"), "other"],
  [thrown("Error", undefined, "ERR_TLS_CERT_ALTNAME_INVALID"), "other"],
  [thrown("InvalidArgument", 400), "other"],
  [thrown("TypeError"), "other"],
])("%s is classified", (error, failure) => {
  expect(failureOf(error)).toBe(failure);
});

test("keys in a URL-encoded listing are read as a query is", () => {
  expect(decodeKey("a+b%2Bc%2520/%C3%A9%0A")).toBe("a b+c%20/é\n");
});

test("a file of any size that S3 takes fits into its 10,000 parts", () => {
  expect(partSize(17 * MIB, 16 * MIB)).toBe(16 * MIB);
  for (const size of [160_000 * MIB, 160_000 * MIB + 1, 5 * MIB * MIB]) {
    const part = partSize(size, 16 * MIB);
    expect(part % MIB).toBe(0);
    expect(Math.ceil(size / part)).toBeLessThanOrEqual(10_000);
  }
});

test("patience waits for what may pass, throws what stays, and ends when the store is closed", async () => {
  const closing = new AbortController();
  const patience = new Patience(60_000, 20, closing.signal);
  for (let attempt = 0; attempt < 5; attempt++) await patience.wait(thrown("SlowDown", 503));
  await expect(patience.wait(thrown("AccessDenied", 403))).rejects.toThrow("said");
  await expect(new Patience(-1, 20, closing.signal).wait(thrown("SlowDown", 503))).rejects.toThrow("said");
  const waiting = new Patience(120_000, 3_600_000, closing.signal).wait(thrown("SlowDown", 503));
  closing.abort();
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});
