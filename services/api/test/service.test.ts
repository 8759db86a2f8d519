import { connect } from "node:net";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createApiService } from "../src/index.ts";
import { event, openWorld } from "./world.ts";

const SETTINGS = { port: 0, modelPollMs: 20, cataloguePollMs: 20 };

describe("the service", () => {
  test("listens, is well, and stops twice without harm", async () => {
    await using world = await openWorld();
    const service = createApiService(world.ports, SETTINGS);
    expect(await service.health()).toBe("the API is not listening");
    await Promise.all([service.start(), service.start()]);
    const address = service.address();
    expect(await (await fetch(`${address}/health`)).json()).toEqual({ status: "ok" });
    expect(await service.health()).toBeUndefined();
    await Promise.all([service.stop(), service.stop()]);
    await expect(fetch(`${address}/health`)).rejects.toThrow();
    expect(() => service.address()).toThrow(/does not listen/);
  });

  test("a stop lets requests end that have begun, and what they were promised is in the log", async () => {
    await using world = await openWorld();
    const service = createApiService(world.ports, SETTINGS);
    await service.start();
    const answers = Array.from({ length: 30 }, (_, at) =>
      fetch(`${service.address()}/events`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(event("view", at + 1, 1)),
      }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
    await Promise.race(answers);
    await service.stop();
    const accepted = (await Promise.all(answers)).filter((status) => status === 202).length;
    const { next } = await world.ports.log.offsets(["events_views"]);
    expect(accepted).toBeGreaterThan(0);
    expect([...next.values()].reduce((sum, offset) => sum + offset, 0)).toBeGreaterThanOrEqual(accepted);
  });

  test("a taken port fails the start and leaves nothing running", async () => {
    await using world = await openWorld();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const service = createApiService(world.ports, { ...SETTINGS, port });
    await expect(service.start()).rejects.toMatchObject({ code: "EADDRINUSE" });
    await service.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  test.each([
    ["nonsense", "hello\r\n\r\n"],
    ["a head of 100 KB", `GET /health HTTP/1.1\r\nhost: x\r\nx: ${"a".repeat(100_000)}\r\n\r\n`],
    ["two lengths", "POST /events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"],
  ])("%s instead of a request gets a problem and the end of the connection", async (_name, bytes) => {
    await using world = await openWorld({ empty: true });
    const service = createApiService(world.ports, SETTINGS);
    await service.start();
    const socket = connect(Number(new URL(service.address()).port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    const answer = await text(socket);
    await service.stop();
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(JSON.parse(answer.split("\r\n\r\n")[1]!)).toMatchObject({ status: 400, code: "invalid_argument" });
  });
});
