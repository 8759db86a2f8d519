import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { startFaultyProxy, startS3Server, temporaryDirectory, type ProxyFault, type S3Server } from "@cinelake/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { openObjectStore } from "../src/index.ts";
import { openS3Store } from "../src/s3_store.ts";
import { IMPATIENT } from "./support.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  for (const [name, value] of Object.entries(server.environment)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

const invalid = (message: RegExp) => ({ code: "config_invalid", message: expect.stringMatching(message) });

/** All that is in the bucket below the tests' own folder. */
async function rawKeys(prefix: string): Promise<string[]> {
  const client = new S3Client({ endpoint: server.endpoint, forcePathStyle: true });
  const Prefix = server.root + prefix;
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: server.bucket, Prefix }));
  client.destroy();
  return (Contents ?? []).map(({ Key = "" }) => Key.slice(server.root.length));
}

/** No credentials but those that a test gives. */
async function withoutCredentials(home: string): Promise<void> {
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) vi.stubEnv(name, undefined);
  vi.stubEnv("HOME", home);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
}

test("a missing bucket, wrong credentials and an address where nobody answers are told apart when a store is opened", async () => {
  const missing = server.url("x").replace(server.bucket, "no-such-bucket");
  await expect(openObjectStore(missing)).rejects.toMatchObject(
    invalid(/no-such-bucket.*bucket does not exist\. Make it/),
  );
  const nobody = openS3Store(server.url("x", "http://127.0.0.1:1"), { limits: IMPATIENT });
  await expect(nobody).rejects.toMatchObject(invalid(/cannot be reached.*ECONNREFUSED/));
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong");
  await expect(openObjectStore(server.url("x"))).rejects.toMatchObject(
    invalid(/access is denied.*SignatureDoesNotMatch/),
  );
  vi.stubEnv("AWS_ACCESS_KEY_ID", "nobody");
  await expect(openObjectStore(server.url("x"))).rejects.toMatchObject(invalid(/access is denied/));
});

test("credentials come from a profile file or a container's service, too; without any the error says how to give them", async () => {
  await using home = await temporaryDirectory();
  await withoutCredentials(home.path);
  await expect(openObjectStore(server.url("x"))).rejects.toMatchObject(
    invalid(/no credentials\. Set AWS_ACCESS_KEY_ID/),
  );

  const { AWS_ACCESS_KEY_ID: id = "", AWS_SECRET_ACCESS_KEY: secret = "" } = server.environment;
  const file = join(home.path, "credentials");
  await writeFile(file, `[films]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", file);
  vi.stubEnv("AWS_PROFILE", "films");
  await (await openObjectStore(server.url("profile")))[Symbol.asyncDispose]();
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", undefined);
  vi.stubEnv("AWS_PROFILE", undefined);

  const container = createServer((_request, answer) => {
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    answer.end(
      JSON.stringify({
        AccessKeyId: id,
        SecretAccessKey: secret,
        Token: server.environment["AWS_SESSION_TOKEN"] ?? "",
        Expiration,
      }),
    );
  }).listen(0, "127.0.0.1");
  await once(container, "listening");
  const { port } = container.address() as AddressInfo;
  vi.stubEnv("AWS_CONTAINER_CREDENTIALS_FULL_URI", `http://127.0.0.1:${port}/`);
  await (await openObjectStore(server.url("container")))[Symbol.asyncDispose]();
  container.closeAllConnections();
  container.close();
});

test("a service that ignores If-None-Match, or does not know it, is refused; what the trial wrote is gone", async () => {
  const ignored: ProxyFault = { answer: 200 };
  const unknown: ProxyFault = { answer: 501, body: "<Error><Code>NotImplemented</Code></Error>" };
  for (const fault of [ignored, unknown]) {
    let puts = 0;
    await using proxy = await startFaultyProxy(server.endpoint, ({ method }) =>
      method === "PUT" && ++puts === 2 ? fault : undefined,
    );
    await expect(openObjectStore(server.url("trial", proxy.endpoint))).rejects.toMatchObject({
      code: "object_store_unsupported",
      message: expect.stringMatching(/does not honour If-None-Match on PutObject/),
    });
    expect(puts).toBe(2);
    expect(await rawKeys("trial")).toEqual([]);
  }
});

test("opening for writing leaves nothing behind; opening for reading writes nothing and needs no right to write", async () => {
  {
    await using store = await openObjectStore(server.url("opened"));
    expect(await rawKeys("opened")).toEqual([]);
    await store.put("a/object", Buffer.from("bytes"));
  }
  const writes = ({ method }: { method: string }) => method !== "GET" && method !== "HEAD";
  await using proxy = await startFaultyProxy(server.endpoint, (request) =>
    writes(request) ? { answer: 403 } : undefined,
  );
  const url = server.url("opened", proxy.endpoint);
  await expect(openObjectStore(url)).rejects.toMatchObject(invalid(/access is denied/));
  const before = proxy.requests.length;
  await using reader = await openObjectStore(url, { readOnly: true });
  expect(Buffer.from(await reader.get("a/object")).toString()).toBe("bytes");
  await using local = await reader.localFile("a/object");
  const refused = { code: "object_store_read_only" };
  await expect(reader.put("a/object", Buffer.from("x"))).rejects.toMatchObject(refused);
  await expect(reader.putIfAbsent("a/new", Buffer.from("x"))).rejects.toMatchObject(refused);
  await expect(reader.putFile("a/new", local.path)).rejects.toMatchObject(refused);
  await expect(reader.delete("a/object")).rejects.toMatchObject(refused);
  expect(proxy.requests.slice(before).filter(writes)).toEqual([]);
});

test("opening removes the copies that a dead process has left among the system's temporary files, and no others", async () => {
  await using first = await openObjectStore(server.url("staging"));
  await using inUse = await first.stagingDirectory();
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const left = inUse.path.replace(`~${process.pid}~`, `~${dead}~`);
  await mkdir(left);
  await writeFile(join(left, "object"), "");
  await using _second = await openObjectStore(server.url("staging"));
  await expect(stat(left)).rejects.toThrow("ENOENT");
  expect((await stat(inUse.path)).isDirectory()).toBe(true);
});

test("the endpoint of the environment counts where the URL names none", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_S3", server.endpoint);
  await using store = await openObjectStore(`s3://${server.bucket}/${server.root}environment`);
  await store.put("a", Buffer.from("x"));
  expect(await rawKeys("environment")).toEqual(["environment/a"]);
  expect(store.url).toContain(`endpoint=${server.endpoint}`);
});

test("what other tools leave below the prefix is not listed, and other prefixes are not seen", async () => {
  await using store = await openObjectStore(server.url("shared/a"));
  await store.put("folder/object", Buffer.from("x"));
  const client = new S3Client({ endpoint: server.endpoint, forcePathStyle: true });
  for (const Key of ["shared/a/folder/", "shared/ab/other", "shared/a/.cinelake-probe-left"])
    await client.send(new PutObjectCommand({ Bucket: server.bucket, Key: server.root + Key, Body: Buffer.alloc(0) }));
  client.destroy();
  expect(await rawKeys("shared/a")).toHaveLength(4);
  expect(await Array.fromAsync(store.list(""), ({ key }) => key)).toEqual(["folder/object"]);
});

test("a key that is a folder of another, or too long below the prefix, is an invalid argument", async () => {
  await using store = await openObjectStore(server.url(`long/${"p".repeat(200)}`));
  await expect(store.put(`${"s".repeat(200)}/`.repeat(4) + "s".repeat(100), Buffer.from("x"))).rejects.toMatchObject({
    code: "invalid_argument",
    message: expect.stringContaining("longer than 1024 bytes"),
  });
});
