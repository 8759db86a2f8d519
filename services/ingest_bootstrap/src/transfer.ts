import type { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { isDiskFull, requireSpace } from "./disk.ts";
import { httpGet, HttpStatusError, type GetOptions } from "./http_get.ts";
import type { PartFile } from "./part_file.ts";
import type { Counter } from "./progress.ts";
import { continuation, rangeHeaders, validatorOf } from "./resume.ts";
import { withRetries, type RetryPolicy } from "./retry.ts";

export interface TransferOptions extends GetOptions {
  readonly retries: RetryPolicy;
  readonly progress?: Counter | undefined;
}

/**
 * Brings all bytes of the address into the part file, continuing it as often as needed. Each try begins with what is on disk, so it
 * does not matter whether an earlier try or an earlier process left it. A full disk removes the part: its bytes are wanted back.
 * Returns what identifies the bytes to the server.
 */
export async function transfer(url: string, part: PartFile, options: TransferOptions): Promise<string | undefined> {
  let received = (await part.resume(url)).size;
  const count: Counter = (done, total) => {
    received = done;
    options.progress?.(done, total);
  };
  try {
    await withRetries(
      url,
      options.retries,
      () => transferOnce(url, part, options, count),
      () => received,
      options.signal,
    );
  } catch (error) {
    if (isDiskFull(error)) await part.remove();
    throw error;
  }
  return (await part.resume(url)).state?.validator;
}

async function transferOnce(url: string, part: PartFile, options: TransferOptions, count: Counter): Promise<void> {
  const { size, state } = await part.resume(url);
  const headers = rangeHeaders(state, size);
  const response = await httpGet(url, { ...options, headers });
  const status = response.statusCode ?? 0;
  const next = continuation(status, response.headers, size, state, "range" in headers);
  switch (next.kind) {
    case "failed":
      response.destroy();
      throw new HttpStatusError(url, status);
    case "ask_again":
      response.destroy();
      await part.remove();
      return transferOnce(url, part, options, count);
    case "complete":
      response.destroy();
      return count(size, size);
    case "append":
      return receive(response, part, size, next.total ?? state?.total, count);
    case "restart":
      await part.start({ url, validator: validatorOf(response.headers), total: next.total });
      return receive(response, part, 0, next.total, count);
  }
}

async function receive(
  response: IncomingMessage,
  part: PartFile,
  from: number,
  total: number | undefined,
  count: Counter,
): Promise<void> {
  if (total !== undefined) await requireSpace(dirname(part.path), total - from);
  await using file = await part.append();
  let written = from;
  for await (const chunk of response) {
    await file.appendFile(chunk as Buffer);
    written += (chunk as Buffer).length;
    count(written, total);
  }
  if (total !== undefined && written !== total) throw new Error(`the answer ended after ${written} of ${total} bytes`);
  await file.sync();
  count(written, written);
}
