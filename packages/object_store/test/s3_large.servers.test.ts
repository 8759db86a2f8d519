import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  startS3Server,
  temporaryDirectory,
  type ProxiedRequest,
  type ProxyFault,
  type S3Server,
} from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openObjectStore } from "../src/index.ts";
import { openS3Store } from "../src/s3_store.ts";
import { IMPATIENT, openFaultyStore } from "./support.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
  Object.assign(process.env, server.environment);
});
afterAll(() => server[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
const isPart = ({ path }: ProxiedRequest): boolean => path.includes("partNumber=");
const isCompletion = ({ method, path }: ProxiedRequest): boolean => method === "POST" && path.includes("uploadId=");

async function unfinishedUploads(): Promise<number> {
  const client = new S3Client({ endpoint: server.endpoint, forcePathStyle: true });
  const { Uploads } = await client.send(
    new ListMultipartUploadsCommand({ Bucket: server.bucket, Prefix: server.root }),
  );
  client.destroy();
  return Uploads?.length ?? 0;
}

test("a large file goes up in parts, through lost parts and a lost completion, and comes down the same", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "file");
  const bytes = randomBytes(17 * MIB + 13);
  await writeFile(file, bytes);
  let parts = 0;
  const completions: ProxyFault[] = ["cut_answer", { answer: 404, body: "<Error><Code>NoSuchUpload</Code></Error>" }];
  await using faulty = await openFaultyStore(server, (request) => {
    if (isPart(request)) return parts++ % 2 === 0 ? "cut_answer" : undefined;
    if (isCompletion(request)) return completions.shift();
    return undefined;
  });
  await faulty.store.put("a/large", Buffer.from("old"));
  await faulty.store.putFile("a/large", file);
  expect(new Set(faulty.proxy.requests.filter(isPart).map(({ path }) => /partNumber=\d+/.exec(path)?.[0])).size).toBe(
    4,
  );
  await using local = await faulty.store.localFile("a/large");
  expect(Buffer.compare(await readFile(local.path), bytes)).toBe(0);
  expect(await faulty.store.head("a/large")).toMatchObject({ size: bytes.length });
  expect(completions).toEqual([]);
  expect(await unfinishedUploads()).toBe(0);
});

test("a large file that fails on its way leaves the old object and no parts", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "file");
  await writeFile(file, randomBytes(17 * MIB));
  await using faulty = await openFaultyStore(server, (request) =>
    isPart(request) && request.path.includes("partNumber=3") ? { answer: 403 } : undefined,
  );
  await faulty.store.put("a/large", Buffer.from("old"));
  await expect(faulty.store.putFile("a/large", file)).rejects.toMatchObject({ code: "object_store_unavailable" });
  expect(Buffer.from(await faulty.store.get("a/large")).toString()).toBe("old");
  expect(faulty.requests()).toContain("DELETE");
  expect(await unfinishedUploads()).toBe(0);
});

test("a file that is missing or a folder is refused", async () => {
  await using directory = await temporaryDirectory();
  await using store = await openObjectStore(server.url("refused"));
  for (const path of [join(directory.path, "missing"), directory.path])
    await expect(store.putFile("a/file", path)).rejects.toMatchObject({ code: "invalid_argument" });
  expect(await Array.fromAsync(store.list(""))).toEqual([]);
});

test("a listing of more than a thousand keys is complete, in order, and begins where it is asked to", async () => {
  await using store = await openObjectStore(server.url("paged"));
  const keys = Array.from({ length: 1_203 }, (_, index) => `log/${String(index).padStart(20, "0")}.json`);
  const left = [...keys].reverse();
  const put = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) await store.put(key, Buffer.from("{}"));
  };
  await Promise.all(Array.from({ length: 16 }, put));
  const listed = async (startAfter?: string): Promise<string[]> =>
    Array.fromAsync(store.list("log/", startAfter === undefined ? {} : { startAfter }), ({ key }) => key);
  expect(await listed()).toEqual(keys);
  expect(await listed(keys[150])).toEqual(keys.slice(151));
  await using small = await openS3Store(server.url("paged"), {
    readOnly: true,
    limits: { ...IMPATIENT, pageKeys: 100 },
  });
  expect(await Array.fromAsync(small.list("log/"), ({ key }) => key)).toEqual(keys);
});
