import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import {
  startS3Server,
  temporaryDirectory,
  type ProxiedRequest,
  type ProxyFault,
  type S3Server,
} from "@cinelake/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openObjectStore, type ObjectStore } from "../src/index.ts";
import { IMPATIENT, openFaultyStore } from "./support.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
  Object.assign(process.env, server.environment);
});
afterAll(() => server[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
const key = "log/00000000000000000001.json";
const unavailable = { code: "object_store_unavailable" };
const slowDown: ProxyFault = {
  answer: 503,
  body: "<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>",
};
const conflict: ProxyFault = { answer: 409, body: "<Error><Code>ConditionalRequestConflict</Code></Error>" };

async function textOf(store: ObjectStore, key: string): Promise<string> {
  return Buffer.from(await store.get(key)).toString();
}

test("a conditional write whose answer is lost after the service has stored it has won", async () => {
  for (const faults of [["cut_answer"], ["cut_answer", "cut_answer"], [slowDown, "cut_answer", conflict]] as const) {
    await using faulty = await openFaultyStore(server, faults);
    expect(await faulty.store.putIfAbsent(key, Buffer.from("ours"))).toBe(true);
    expect(await textOf(faulty.store, key)).toBe("ours");
    expect(await faulty.store.putIfAbsent(key, Buffer.from("late"))).toBe(false);
  }
});

test("a conditional write that loses while its answers are lost has lost", async () => {
  await using faulty = await openFaultyStore(server, ["cut_answer", slowDown, "cut_answer"]);
  await using rival = await openObjectStore(faulty.url);
  expect(await rival.putIfAbsent(key, Buffer.from("theirs"))).toBe(true);
  expect(await faulty.store.putIfAbsent(key, Buffer.from("ours"))).toBe(false);
  expect(await textOf(faulty.store, key)).toBe("theirs");
});

test("racing writers whose answers are lost have exactly one winner, whose bytes stay", async () => {
  let turn = 0;
  await using faulty = await openFaultyStore(server, ({ method }) =>
    method === "PUT" && turn++ % 3 !== 2 ? "cut_answer" : undefined,
  );
  for (let version = 0; version < 15; version++) {
    const won = await Promise.all(
      Array.from({ length: 6 }, (_, racer) => faulty.store.putIfAbsent(`log/${version}`, Buffer.from(String(racer)))),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await textOf(faulty.store, `log/${version}`)).toBe(String(won.indexOf(true)));
  }
});

test("409 means try again, 412 means taken", async () => {
  await using faulty = await openFaultyStore(server, [conflict, conflict]);
  expect(await faulty.store.putIfAbsent(key, Buffer.from("ours"))).toBe(true);
  expect(faulty.requests()).toEqual(["PUT", "PUT", "PUT"]);
  expect(await faulty.store.putIfAbsent(key, Buffer.from("late"))).toBe(false);
});

test("throttling, errors of the service and cut connections delay every call and change nothing else", async () => {
  const faults: ProxyFault[] = [slowDown, { answer: 500 }, "cut_answer", { answer: 429 }];
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "file");
  await writeFile(file, "of a file");
  const calls: [(store: ObjectStore) => Promise<unknown>, unknown][] = [
    [(store) => store.put("a/1", Buffer.from("one")), undefined],
    [(store) => store.putFile("a/2", file), undefined],
    [(store) => textOf(store, "a/2"), "of a file"],
    [async (store) => Buffer.from(await store.getRange("a/2", -4)).toString(), "file"],
    [async (store) => (await store.head("a/1"))?.size, 3],
    [(store) => Array.fromAsync(store.list("a/"), (info) => info.key), ["a/1", "a/2"]],
    [async (store) => (await buffer(await store.stream("a/1"))).toString(), "one"],
    [(store) => store.delete("a/1"), undefined],
    [(store) => store.head("a/1"), undefined],
  ];
  let left: ProxyFault[] = [];
  await using faulty = await openFaultyStore(server, () => left.shift());
  for (const [call, result] of calls) {
    left = [...faults];
    expect(await call(faulty.store)).toEqual(result);
    expect(left).toEqual([]);
  }
});

test("a download that is cut in its middle goes on where it stopped", async () => {
  const bytes = randomBytes(3 * MIB);
  const cut = { cutBodyAfter: MIB };
  const none = { cutBodyAfter: 0 };
  await using faulty = await openFaultyStore(server, [undefined, cut, none, cut, undefined, cut, undefined, cut]);
  await faulty.store.put("a/large", bytes);
  await using local = await faulty.store.localFile("a/large");
  expect(Buffer.compare(await readFile(local.path), bytes)).toBe(0);
  expect(Buffer.compare(await buffer(await faulty.store.stream("a/large")), bytes)).toBe(0);
  expect(Buffer.compare(await faulty.store.get("a/large"), bytes)).toBe(0);
  expect(faulty.requests()).toEqual(["PUT", ...Array.from({ length: 8 }, () => "GET")]);
});

test("a download that stalls in its middle goes on where it stopped", async () => {
  const bytes = randomBytes(3 * MIB);
  const left: ProxyFault[] = [];
  await using faulty = await openFaultyStore(server, () => left.shift(), { idleMs: 500 });
  await faulty.store.put("a/large", bytes);
  left.push({ stallBodyAfter: MIB }, { stallBodyAfter: MIB }, "stall");
  await using local = await faulty.store.localFile("a/large");
  expect(Buffer.compare(await readFile(local.path), bytes)).toBe(0);
  expect(left).toEqual([]);
  left.push({ stallBodyAfter: MIB });
  expect(Buffer.compare(await faulty.store.get("a/large"), bytes)).toBe(0);
  expect(left).toEqual([]);
});

test("an object that is replaced while its download is cut fails instead of mixing two versions", async () => {
  await using faulty = await openFaultyStore(server, [{ cutBodyAfter: MIB }]);
  await using direct = await openObjectStore(faulty.url);
  await direct.put("a/large", randomBytes(3 * MIB));
  const stream = await faulty.store.stream("a/large");
  await direct.put("a/large", randomBytes(3 * MIB));
  await expect(buffer(stream)).rejects.toMatchObject(unavailable);
});

test("a failed download leaves no copy behind", async () => {
  const cut = ({ method }: ProxiedRequest) => (method === "GET" ? { cutBodyAfter: 5 } : undefined);
  await using faulty = await openFaultyStore(server, cut, { retryMs: 3_000 });
  await faulty.store.put("a/object", randomBytes(100));
  const staged = async () => (await readdir(tmpdir())).filter((name) => name.includes(`~${process.pid}~`));
  const before = await staged();
  const reading = faulty.store.localFile("a/object");
  // 20 resumptions bring 5 bytes each: a download that makes progress is not given up
  expect((await readFile((await reading).path)).length).toBe(100);
  await faulty.proxy[Symbol.asyncDispose]();
  await expect(faulty.store.localFile("a/object")).rejects.toMatchObject(unavailable);
  await (await reading)[Symbol.asyncDispose]();
  expect(await staged()).toEqual(before);
});

test.each<[string, ProxyFault]>([
  ["takes requests and never answers", "stall"],
  ["answers and stalls within the body", { stallBodyAfter: 1 }],
  ["is always overloaded", slowDown],
  ["always cuts the connection", "cut_answer"],
])("a service that %s ends in a clear error, not in waiting", async (_what, fault) => {
  let broken = false;
  await using faulty = await openFaultyStore(server, () => (broken ? fault : undefined), IMPATIENT);
  await faulty.store.put("a/object", Buffer.from("x".repeat(100)));
  broken = true;
  const clear = {
    ...unavailable,
    message: expect.stringMatching(/object in s3:.*cannot be reached or does not answer/),
  };
  await expect(faulty.store.get("a/object")).rejects.toMatchObject(clear);
  if (fault === "stall" || fault === "cut_answer") {
    await expect(faulty.store.put("a/object", Buffer.from("y"))).rejects.toMatchObject(clear);
    await expect(faulty.store.putIfAbsent("b/object", Buffer.from("y"))).rejects.toMatchObject(clear);
  }
});

test("a listing in URL encoding is decoded, and one that is out of order or begins too early is refused", async () => {
  let encoding = "url";
  await using faulty = await openFaultyStore(server, ({ path }) => {
    const prefix = new URL(path, server.endpoint).searchParams.get("prefix") ?? "";
    const contents = ["a+b%2B", "%C3%A9"].map((key) => `<Contents><Key>${prefix}${key}</Key><Size>1</Size></Contents>`);
    const head = encoding && `<EncodingType>${encoding}</EncodingType>`;
    return { answer: 200, body: `<ListBucketResult>${head}${contents.join("")}</ListBucketResult>` };
  });
  const listed = (startAfter?: string) =>
    Array.fromAsync(faulty.store.list("", startAfter === undefined ? {} : { startAfter }), ({ key }) => key);
  expect(await listed()).toEqual(["a b+", "\u00e9"]);
  const unsupported = { code: "object_store_unsupported", message: expect.stringContaining("order of UTF-8 bytes") };
  await expect(listed("b")).rejects.toMatchObject(unsupported);
  encoding = "";
  await expect(listed()).rejects.toMatchObject(unsupported); // "%" comes before "a"
});

test("closing a store ends what waits for an answer", async () => {
  await using faulty = await openFaultyStore(server, () => "stall");
  const waiting = expect(faulty.store.get("a/object")).rejects.toMatchObject({ code: "aborted" });
  await faulty.store[Symbol.asyncDispose]();
  await waiting;
});
