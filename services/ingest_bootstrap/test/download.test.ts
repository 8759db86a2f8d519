import { createHash, randomBytes } from "node:crypto";
import { existsSync, rmSync, symlinkSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { temporaryDirectory } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { download, type DownloadOptions } from "../src/download.ts";
import { fileServer, serveBytes } from "./file_server.ts";

const content = randomBytes(300_000);
const md5 = createHash("md5").update(content).digest("hex");
const etag = (): string => '"one"';
const quick: Partial<DownloadOptions> = {
  retries: { tries: 3, unreachedTries: 2, pause: 1 },
  timeouts: { answer: 400, silence: 400 },
  proxyEnvironment: {},
};

async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  return work.then(
    () => ({ code: "none", message: "" }),
    (error: { code: string; message: string }) => error,
  );
}

describe("download", () => {
  test("a file arrives whole, checked against the published MD5, in BSD or GNU form", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({
      "/a.zip": serveBytes(() => content, etag),
      "/a.zip.md5": (_, response) => void response.end(`MD5 (a.zip) = ${md5}\n`),
      "/b.zip": serveBytes(() => content, etag),
      "/b.zip.md5": (_, response) => void response.end(`${md5.toUpperCase()}  b.zip\n`),
    });
    for (const name of ["a.zip", "b.zip"]) {
      const seen: number[] = [];
      const result = await download({
        ...quick,
        url: `${server.url}/${name}`,
        md5Url: `${server.url}/${name}.md5`,
        directory: dir.path,
        progress: (done, total) => seen.push(done, total ?? -1),
      });
      expect(result).toMatchObject({ md5, checked: true, reused: false });
      expect(await readFile(result.path)).toEqual(content);
      expect(seen.slice(-2)).toEqual([content.length, content.length]);
    }
  });

  test("a connection that breaks again and again is continued where it broke, every byte transferred once", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({ "/a.zip": serveBytes(() => content, etag, { cutAfter: () => 50_000 }) });
    const result = await download({ ...quick, url: `${server.url}/a.zip`, directory: dir.path });
    expect(result).toMatchObject({ md5, checked: false });
    expect(server.requests.map(({ range }) => range)).toEqual([
      undefined,
      "bytes=50000-",
      "bytes=100000-",
      "bytes=150000-",
      "bytes=200000-",
      "bytes=250000-",
    ]);
  });

  test("a later process continues the part that an earlier one left", async () => {
    await using dir = await temporaryDirectory();
    let cut = 100_000;
    await using server = await fileServer({ "/a.zip": serveBytes(() => content, etag, { cutAfter: () => cut }) });
    const options = { ...quick, url: `${server.url}/a.zip`, directory: dir.path };
    const first = await failure(download({ ...options, retries: { tries: 1, unreachedTries: 1, pause: 1 } }));
    expect(first.code).toBe("download_failed");
    cut = Infinity;
    expect((await download(options)).md5).toBe(md5);
    expect(server.requests.at(-1)?.range).toBe("bytes=100000-");
  });

  test("a file that has changed on the server is taken from its start, never mixed", async () => {
    await using dir = await temporaryDirectory();
    let [bytes, tag, cut] = [randomBytes(content.length), '"old"', 100_000];
    await using server = await fileServer({
      "/a.zip": serveBytes(
        () => bytes,
        () => tag,
        { cutAfter: () => cut },
      ),
    });
    const options = { ...quick, url: `${server.url}/a.zip`, directory: dir.path };
    await failure(download({ ...options, retries: { tries: 1, unreachedTries: 1, pause: 1 } }));
    [bytes, tag, cut] = [content, '"new"', Infinity];
    expect((await download(options)).md5).toBe(md5);
  });

  test("a server that ignores If-Range and continues another file is noticed by its ETag", async () => {
    await using dir = await temporaryDirectory();
    let [bytes, tag, cut] = [randomBytes(content.length), '"old"', 100_000];
    await using server = await fileServer({
      "/a.zip": (request, response) => {
        delete request.headers["if-range"];
        serveBytes(
          () => bytes,
          () => tag,
          { cutAfter: () => cut },
        )(request, response);
      },
    });
    const options = { ...quick, url: `${server.url}/a.zip`, directory: dir.path };
    await failure(download({ ...options, retries: { tries: 1, unreachedTries: 1, pause: 1 } }));
    [bytes, tag, cut] = [content, '"new"', Infinity];
    expect((await download(options)).md5).toBe(md5);
  });

  test("status 416: a complete part is taken as it is, a part that is too long is thrown away", async () => {
    for (const size of [content.length, content.length + 10]) {
      await using dir = await temporaryDirectory();
      await using server = await fileServer({ "/a.zip": serveBytes(() => content, etag) });
      const url = `${server.url}/a.zip`;
      await writeFile(join(dir.path, "a.zip.part"), Buffer.concat([content, Buffer.alloc(size - content.length)]));
      await writeFile(
        join(dir.path, "a.zip.part.json"),
        JSON.stringify({ url, validator: etag(), total: content.length }),
      );
      expect((await download({ ...quick, url, directory: dir.path })).md5).toBe(md5);
      expect(server.requests.length).toBe(size === content.length ? 1 : 2);
    }
  });

  test("a part of another address, and one without a validator, are not continued", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({ "/a.zip": serveBytes(() => content, etag) });
    const url = `${server.url}/a.zip`;
    await writeFile(join(dir.path, "a.zip.part"), "something else");
    await writeFile(
      join(dir.path, "a.zip.part.json"),
      JSON.stringify({ url: "http://other/a.zip", validator: etag() }),
    );
    expect((await download({ ...quick, url, directory: dir.path })).md5).toBe(md5);
    expect(server.requests[0]?.range).toBeUndefined();
  });

  test("a wrong MD5 is checksum_mismatch and nothing of the file stays", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({
      "/a.zip": serveBytes(() => content, etag),
      "/a.zip.md5": (_, response) => void response.end("0".repeat(32)),
    });
    const error = await failure(
      download({ ...quick, url: `${server.url}/a.zip`, md5Url: `${server.url}/a.zip.md5`, directory: dir.path }),
    );
    expect(error).toMatchObject({ code: "checksum_mismatch", message: expect.stringContaining(md5) });
    expect(await readdir(dir.path)).toEqual([]);
  });

  test("a finished file is used again without asking, or after asking, and fetched anew if the server has another", async () => {
    await using dir = await temporaryDirectory();
    let tag = '"one"';
    await using server = await fileServer({
      "/a.zip": serveBytes(
        () => content,
        () => tag,
      ),
    });
    const options = { ...quick, url: `${server.url}/a.zip`, directory: dir.path };
    await download(options);
    expect(await download(options)).toMatchObject({ reused: true, md5 });
    expect(server.requests.length).toBe(1);
    expect(await download({ ...options, revalidate: true })).toMatchObject({ reused: true });
    expect(server.requests.length).toBe(2);
    tag = '"two"';
    expect(await download({ ...options, revalidate: true })).toMatchObject({ reused: false });
    await writeFile(join(dir.path, "a.zip"), Buffer.alloc(content.length));
    expect(await download(options)).toMatchObject({ reused: false, md5 });
  });

  test("redirects are followed; endless ones and a refused file are download_failed with the status", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({
      "/a.zip": serveBytes(() => content, etag),
      "/moved.zip": (_, response) => void response.writeHead(302, { location: "/a.zip" }).end(),
      "/loop.zip": (_, response) => void response.writeHead(301, { location: "/loop.zip" }).end(),
      "/forbidden.zip": (_, response) => void response.writeHead(403).end(),
    });
    const get = (path: string) => download({ ...quick, url: server.url + path, directory: dir.path });
    expect((await get("/moved.zip")).md5).toBe(md5);
    expect(await failure(get("/loop.zip"))).toMatchObject({ code: "download_failed" });
    expect(await failure(get("/forbidden.zip"))).toMatchObject({
      code: "download_failed",
      message: expect.stringContaining("403"),
    });
    expect(server.requests.filter(({ path }) => path === "/forbidden.zip").length).toBe(1);
  });

  test("errors of the server that may pass are tried again", async () => {
    await using dir = await temporaryDirectory();
    let failures = 2;
    await using server = await fileServer({
      "/a.zip": (request, response) => {
        if (failures-- > 0) response.writeHead(503).end();
        else serveBytes(() => content, etag)(request, response);
      },
    });
    expect((await download({ ...quick, url: `${server.url}/a.zip`, directory: dir.path })).md5).toBe(md5);
  });

  test("a server that falls silent, or answers with too few bytes, is download_failed and the part stays", async () => {
    await using dir = await temporaryDirectory();
    await using server = await fileServer({
      "/silent.zip": (_, response) => {
        response.writeHead(200, { "content-length": 100, etag: '"s"' });
        response.write("half");
      },
    });
    const error = await failure(download({ ...quick, url: `${server.url}/silent.zip`, directory: dir.path }));
    expect(error).toMatchObject({ code: "download_failed", message: expect.stringContaining("sent nothing") });
    expect(await readdir(dir.path)).toContain("silent.zip.part");
  });

  test("without a way to the server: network_unavailable, in one line, quickly", async () => {
    await using dir = await temporaryDirectory();
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as { port: number };
    closed.close();
    const resetting = createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1");
    await once(resetting, "listening");
    const mute = createServer(() => {}).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const muteUrl = `http://127.0.0.1:${(mute.address() as { port: number }).port}/a.zip`;
    await using proxy = await fileServer({});
    const cases: [string, NodeJS.ProcessEnv][] = [
      [`http://127.0.0.1:${port}/a.zip`, {}],
      ["https://does-not-exist.invalid/a.zip", {}],
      [muteUrl, {}],
      [`http://127.0.0.1:${(resetting.address() as { port: number }).port}/a.zip`, {}],
      ["https://files.example/a.zip", { HTTPS_PROXY: proxy.url }],
    ];
    try {
      for (const [url, proxyEnvironment] of cases) {
        const error = await failure(download({ ...quick, url, directory: dir.path, proxyEnvironment }));
        expect(error.code, url).toBe("network_unavailable");
        expect(error.message).not.toContain("\n");
      }
    } finally {
      mute.close();
      resetting.close();
    }
  });

  test.runIf(existsSync("/dev/full"))("a full disk is disk_full and the part is removed", async () => {
    await using dir = await temporaryDirectory();
    const part = join(dir.path, "a.zip.part");
    await using server = await fileServer({
      "/a.zip": (request, response) => {
        rmSync(part);
        symlinkSync("/dev/full", part);
        serveBytes(() => content, etag)(request, response);
      },
    });
    const url = `${server.url}/a.zip`;
    await writeFile(part, content.subarray(0, 1000));
    await writeFile(`${part}.json`, JSON.stringify({ url, validator: etag(), total: content.length }));
    expect((await failure(download({ ...quick, url, directory: dir.path }))).code).toBe("disk_full");
    expect(await readdir(dir.path)).toEqual([]);
  });

  test("stopping ends with aborted", async () => {
    await using dir = await temporaryDirectory();
    const controller = new AbortController();
    await using server = await fileServer({
      "/a.zip": (_, response) => {
        response.writeHead(200, { "content-length": 100 });
        response.write("half");
        setTimeout(() => controller.abort(), 20);
      },
    });
    const options = { ...quick, url: `${server.url}/a.zip`, directory: dir.path, signal: controller.signal };
    expect((await failure(download(options))).code).toBe("aborted");
  });
});
