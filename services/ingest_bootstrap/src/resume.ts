import type { IncomingHttpHeaders } from "node:http";

/** What is known of a partial download, kept beside it. */
export interface PartState {
  readonly url: string;
  /** Strong ETag, or Last-Modified: what `If-Range` needs to continue the same bytes. */
  readonly validator: string | undefined;
  readonly total: number | undefined;
}

/** What to do with an answer, given the bytes already there. */
export type Continuation =
  | { readonly kind: "append"; readonly total: number | undefined }
  | { readonly kind: "restart"; readonly total: number | undefined }
  | { readonly kind: "complete" }
  /** The range was refused or does not fit: ask again from the start. */
  | { readonly kind: "ask_again" }
  | { readonly kind: "failed" };

/** Headers that continue after `size` bytes if, and only if, the server still has the same file. */
export function rangeHeaders(state: PartState | undefined, size: number): Record<string, string> {
  if (size === 0 || state?.validator === undefined) return {};
  return { range: `bytes=${size}-`, "if-range": state.validator };
}

/** Reads the answer to a request that did (`ranged`) or did not carry a range, with `size` bytes on disk. */
export function continuation(
  status: number,
  headers: IncomingHttpHeaders,
  size: number,
  state: PartState | undefined,
  ranged: boolean,
): Continuation {
  if (status === 200) return { kind: "restart", total: contentLength(headers) };
  if (!ranged) return { kind: "failed" };
  if (status === 416) {
    const length = /^bytes \*\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
    const sameFile = state?.total === size && (length === undefined || Number(length) === size);
    return sameFile ? { kind: "complete" } : { kind: "ask_again" };
  }
  if (status !== 206) return { kind: "failed" };
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
  if (!range || Number(range[1]) !== size) return { kind: "ask_again" };
  const total = range[3] === "*" ? undefined : Number(range[3]);
  if (state?.total !== undefined && total !== undefined && total !== state.total) return { kind: "ask_again" };
  const validator = validatorOf(headers);
  if (validator !== undefined && validator !== state?.validator) return { kind: "ask_again" };
  return { kind: "append", total };
}

/** A weak ETag does not promise equal bytes, so it cannot continue a download. */
export function validatorOf(headers: IncomingHttpHeaders): string | undefined {
  if (headers.etag !== undefined && !headers.etag.startsWith("W/")) return headers.etag;
  return headers["last-modified"];
}

function contentLength(headers: IncomingHttpHeaders): number | undefined {
  const length = headers["content-length"];
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}
