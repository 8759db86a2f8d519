import { DEFAULT_PARTITIONS, TOPICS } from "@cinelake/contracts";
import type { EventLog, LogRecord } from "@cinelake/event_log";
import { faulty } from "@cinelake/testkit";
import { describe, expect, test } from "vitest";
import { event, openWorld } from "./world.ts";

async function recordsOf(log: EventLog, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let partition = 0; partition < DEFAULT_PARTITIONS; partition++) {
    records.push(...(await log.read({ topic, partition, offset: 0 }, { maxRecords: 10_000 })));
  }
  return records;
}

const jsonOf = ({ value }: LogRecord): Record<string, unknown> => JSON.parse(new TextDecoder().decode(value));

describe("POST /events", () => {
  test("accepts one event and answers where the log has it", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const sent = event("click", 7, 3, { click_type: "poster", my_own_field: { kept: true } });
    const response = await api.inject({ method: "POST", url: "/events", payload: sent });
    expect(response.statusCode).toBe(202);
    const { results, position } = response.json();
    expect(results).toEqual([
      {
        index: 0,
        status: "accepted",
        event_id: sent.event_id,
        topic: TOPICS.click,
        partition: expect.any(Number),
        offset: 0,
      },
    ]);
    const [record, ...more] = await recordsOf(world.ports.log, TOPICS.click);
    expect(more).toEqual([]);
    expect(record).toMatchObject({ key: "7", partition: results[0].partition });
    expect(jsonOf(record!)).toEqual(sent);
    expect(JSON.parse(Buffer.from(position, "base64url").toString())).toEqual({
      [`events_clicks/${record!.partition}`]: 1,
    });
  });

  test("of a mixed list takes the valid ones, in their order, and tells the reason of the others", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const [first, second, third] = [event("rating", 1, 1), event("rating", 1, 2), event("view", 1, 1)];
    const payload = [first, { ...second, rating: 7 }, second, "nonsense", third];
    const response = await api.inject({ method: "POST", url: "/events", payload });
    expect(response.statusCode).toBe(202);
    const { results } = response.json() as { results: { status: string; index: number; event_id?: string }[] };
    expect(results.map(({ index, status, event_id }) => [index, status, event_id])).toEqual([
      [0, "accepted", first.event_id],
      [1, "rejected", second.event_id],
      [2, "accepted", second.event_id],
      [3, "rejected", undefined],
      [4, "accepted", third.event_id],
    ]);
    const ratings = await recordsOf(world.ports.log, TOPICS.rating);
    expect(ratings.map((record) => jsonOf(record)["event_id"])).toEqual([first.event_id, second.event_id]);
  });

  test("takes 500 events at once, and 512 KB of them", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const payload = Array.from({ length: 500 }, (_, at) =>
      event("rating", at + 1, 1, { review_text: "é".repeat(380) }),
    );
    const response = await api.inject({ method: "POST", url: "/events", payload });
    expect(response.statusCode, response.body.slice(0, 200)).toBe(202);
    expect(await recordsOf(world.ports.log, TOPICS.rating)).toHaveLength(500);
  });

  test("answers 503 with Retry-After when the log fails, and takes the same events afterwards", async () => {
    let broken = true;
    await using world = await openWorld({
      empty: true,
      wrap: (ports) => ({
        ...ports,
        log: faulty(ports.log, {
          before: (method) => (method === "append" && broken ? new Error("no space left") : undefined),
        }),
      }),
    });
    const api = await world.api();
    const request = { method: "POST", url: "/events", payload: event("view", 1, 1) } as const;
    const refused = await api.inject(request);
    expect(refused.statusCode).toBe(503);
    expect(refused.headers["retry-after"]).toBe("1");
    expect(refused.json()).toMatchObject({ code: "log_unavailable" });
    broken = false;
    expect((await api.inject(request)).statusCode).toBe(202);
  });

  test("answers 503 with Retry-After when too much is in flight", async () => {
    const gate = Promise.withResolvers<void>();
    await using world = await openWorld({
      empty: true,
      wrap: (ports) => {
        const log = Object.create(ports.log) as EventLog;
        log.append = (topic, records) => gate.promise.then(() => ports.log.append(topic, records));
        return { ...ports, log: bindTo(ports.log, log) };
      },
    });
    const api = await world.api({ eventsInFlight: 3 });
    const send = (count: number) =>
      api.inject({ method: "POST", url: "/events", payload: Array.from({ length: count }, () => event("view", 1, 1)) });
    const waiting = send(3);
    await new Promise((resolve) => void setTimeout(resolve, 20));
    const refused = await send(1);
    expect(refused.statusCode).toBe(503);
    expect(refused.headers["retry-after"]).toBe("1");
    expect(refused.json()).toMatchObject({ code: "overloaded" });
    gate.resolve();
    expect((await waiting).statusCode).toBe(202);
  });

  test("an event that the log would not take is refused by itself, however small it was sent", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const grows = `{${JSON.stringify(event("view", 1, 1)).slice(1, -1)},"many":[${"1e20,".repeat(80_000)}1]}`;
    const payload = `[${grows},${JSON.stringify(event("view", 2, 1))}]`;
    const headers = { "content-type": "application/json" };
    const response = await api.inject({ method: "POST", url: "/events", headers, payload });
    expect(response.statusCode, response.body.slice(0, 300)).toBe(202);
    expect(response.json()).toMatchObject({
      results: [{ status: "rejected", reason: expect.stringContaining("too large") }, { status: "accepted" }],
    });
  });

  test("a stop answers what was accepted first", async () => {
    await using world = await openWorld({ empty: true });
    const api = await world.api();
    const answers = Array.from({ length: 20 }, (_, at) =>
      api.inject({ method: "POST", url: "/events", payload: event("view", at + 1, 1) }),
    );
    await new Promise((resolve) => void setImmediate(resolve));
    await api.close();
    const accepted = (await Promise.all(answers)).filter(({ statusCode }) => statusCode === 202);
    expect(await recordsOf(world.ports.log, TOPICS.view)).toHaveLength(accepted.length);
  });
});

describe("exposures", () => {
  test("tell who was shown what, in which place; never for anonymous lists and probes", async () => {
    await using world = await openWorld();
    const api = await world.api({ exposuresFlushMs: 5 });
    const list = (await api.inject("/recommendations/4?k=3")).json();
    await api.inject("/recommendations");
    await api.inject({ method: "POST", url: "/recommendations", payload: { liked: [1] } });
    await api.inject({ url: "/recommendations/4", headers: { "x-cinelake-internal": "1" } });
    await api.close();
    const shown = (await recordsOf(world.ports.log, TOPICS.exposure)).map(jsonOf);
    expect(shown).toHaveLength(3);
    expect(shown.map(({ movie_id, position }) => [position, movie_id])).toEqual(
      list.items.map(({ movie_id }: { movie_id: number }, at: number) => [at + 1, movie_id]),
    );
    expect(shown[0]).toMatchObject({
      user_id: 4,
      request_id: list.request_id,
      variant: "default",
      strategy: "hybrid",
      model_version: "m1",
    });
  });

  test("a log that hangs neither delays an answer nor fills the memory", async () => {
    const gate = Promise.withResolvers<void>();
    await using world = await openWorld({
      wrap: (ports) => {
        const log = Object.create(ports.log) as EventLog;
        log.append = (topic, records) => gate.promise.then(() => ports.log.append(topic, records));
        return { ...ports, log: bindTo(ports.log, log) };
      },
    });
    const api = await world.api({ exposuresFlushMs: 1, exposuresWaiting: 25 });
    for (let at = 0; at < 10; at++) {
      expect((await api.inject("/recommendations/4")).statusCode).toBe(200);
      await new Promise((resolve) => void setTimeout(resolve, 2));
    }
    const metrics = (await api.inject("/metrics")).body;
    expect(Number(/cinelake_exposures_dropped_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(0);
    gate.resolve();
  });
});

/** `derived`, whose inherited methods run on `original`. */
function bindTo(original: EventLog, derived: EventLog): EventLog {
  return new Proxy(derived, {
    get(target, name) {
      if (Object.hasOwn(target, name)) return Reflect.get(target, name);
      const value: unknown = Reflect.get(original, name, original);
      return typeof value === "function" ? value.bind(original) : value;
    },
  });
}
