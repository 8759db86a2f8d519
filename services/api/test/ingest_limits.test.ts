import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { TOPICS } from "@cinelake/contracts";
import type { EventLog } from "@cinelake/event_log";
import { expect, test } from "vitest";
import { createApiService, type ApiSettings } from "../src/index.ts";
import { event, openWorld, type World } from "./world.ts";

const MB = 1_000_000;
const SETTINGS = { port: 0, exposures: false, eventsBodyBytes: MB, eventsBytesInFlight: 4 * MB };

/** A log whose appends wait until the gate opens; tells how much they have been given. */
interface SlowWorld extends AsyncDisposable {
  readonly world: World;
  readonly address: string;
  readonly stop: () => Promise<void>;
  readonly open: () => void;
  readonly held: () => { readonly records: number; readonly bytes: number };
}

async function openSlowWorld(settings: ApiSettings = {}): Promise<SlowWorld> {
  await using opened = new AsyncDisposableStack();
  const gate = Promise.withResolvers<void>();
  const held = { records: 0, bytes: 0 };
  const world = opened.use(
    await openWorld({ empty: true, wrap: (ports) => ({ ...ports, log: slowed(ports.log, gate.promise, held) }) }),
  );
  const service = createApiService(world.ports, { ...SETTINGS, ...settings });
  await service.start();
  opened.defer(() => service.stop());
  opened.defer(() => gate.resolve());
  const resources = opened.move();
  return {
    world,
    address: service.address(),
    stop: () => service.stop(),
    open: () => gate.resolve(),
    held: () => held,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function slowed(log: EventLog, gate: Promise<void>, held: { records: number; bytes: number }): EventLog {
  const append: EventLog["append"] = async (topic, records) => {
    held.records += records.length;
    for (const { value } of records) held.bytes += value.byteLength;
    await gate;
    return log.append(topic, records);
  };
  return new Proxy(log, {
    get(target, name) {
      if (name === "append") return append;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Posts one event with a text of so many bytes; gives the answer. */
function postLarge(address: string, bytes: number, user = 1): Promise<Response> {
  return fetch(`${address}/events`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(event("view", user, 1, { own_text: "x".repeat(bytes) })),
  });
}

/** Sends the head of a POST that announces a body, and nothing of the body. */
async function announce(address: string, length: number | "chunked"): Promise<Socket> {
  const { port } = new URL(address);
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  const size = length === "chunked" ? "transfer-encoding: chunked" : `content-length: ${length}`;
  socket.write(`POST /events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${size}\r\n\r\n`);
  return socket;
}

async function shedCount(address: string, reason: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(new RegExp(`cinelake_event_requests_shed_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

/** Requests being answered, this one included. */
async function inFlight(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/cinelake_http_requests_in_flight (\d+)/.exec(text)?.[1]);
}

test("of 40 bodies of 1 MB at once a slow log holds no more bytes than allowed; the others get 503, and all is well again afterwards", async () => {
  await using slow = await openSlowWorld();
  const answers = Array.from({ length: 40 }, (_, user) => postLarge(slow.address, MB - 10_000, user + 1));
  const early = await Promise.race(answers);
  expect(early.status).toBe(503);
  expect(early.headers.get("retry-after")).toBe("1");
  expect(await early.json()).toMatchObject({ code: "overloaded", reason: "bytes_in_flight" });
  await expect.poll(() => shedCount(slow.address, "bytes_in_flight"), { timeout: 10_000 }).toBe(36);
  expect(slow.held().bytes).toBeLessThanOrEqual(SETTINGS.eventsBytesInFlight);
  slow.open();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 202)).toHaveLength(4);
  expect(statuses.filter((status) => status === 503)).toHaveLength(36);
  for (let round = 0; round < 10; round++) expect((await postLarge(slow.address, MB - 10_000)).status).toBe(202);
});

test.each([
  ["a length", MB],
  ["no length", "chunked"],
] as const)(
  "bodies that are announced with %s count before they are read, until their callers go away",
  async (_, length) => {
    await using slow = await openSlowWorld();
    slow.open();
    const waiting = await Promise.all(Array.from({ length: 4 }, () => announce(slow.address, length)));
    await expect.poll(async () => (await postLarge(slow.address, 10)).status).toBe(503);
    for (const socket of waiting) socket.destroy();
    await expect.poll(async () => (await postLarge(slow.address, MB - 10_000)).status).toBe(202);
  },
);

test("a body that is too large for the route takes no room and is not read", async () => {
  await using slow = await openSlowWorld();
  slow.open();
  const sockets = await Promise.all(Array.from({ length: 8 }, () => announce(slow.address, 100 * MB)));
  for (const socket of sockets) {
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  }
  expect((await postLarge(slow.address, MB - 10_000)).status).toBe(202);
});

test("a stop while events wait for a slow log answers every one with 202, each is in the log, and the stop does not wait for idle callers", async () => {
  await using slow = await openSlowWorld();
  const answers = Array.from({ length: 60 }, (_, user) => postLarge(slow.address, 100, user + 1));
  await expect.poll(() => slow.held().records).toBeGreaterThan(0);
  await expect.poll(() => inFlight(slow.address)).toBe(61);
  const stopping = slow.stop();
  await expect
    .poll(() =>
      fetch(`${slow.address}/health`).then(
        () => "taken",
        () => "refused",
      ),
    )
    .toBe("refused");
  slow.open();
  const statuses = await Promise.all(answers.map(async (answer) => (await answer).status));
  await stopping;
  expect(statuses).toEqual(statuses.map(() => 202));
  const { next } = await slow.world.ports.log.offsets([TOPICS.view]);
  expect(next.values().reduce((sum, offset) => sum + offset, 0)).toBe(60);
});

test("a caller that sends half a request does not hold up a stop", async () => {
  await using slow = await openSlowWorld({ stopGraceMs: 100 });
  slow.open();
  const socket = await announce(slow.address, 1000);
  const ended = once(socket, "close");
  await expect.poll(() => inFlight(slow.address)).toBe(2);
  await slow.stop();
  await ended;
});
