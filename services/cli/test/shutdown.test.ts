import { Agent, request } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { TOPICS } from "@cinelake/contracts";
import { openEventLog } from "@cinelake/event_log";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";
import { event } from "./support/client.ts";
import { startPlatform } from "./support/platform.ts";

const CALLERS = 24;
/** What became of a POST: its status, or nothing if the connection ended without an answer. */
type Outcome = { readonly id: string; readonly status: number | undefined };

/** Posts over kept connections, one event after the other, until the server is gone. */
async function postUntilGone(url: string, agent: Agent, outcomes: Outcome[]): Promise<void> {
  for (;;) {
    const sent = event("click", 1 + Math.floor(Math.random() * 100), 7);
    const call = request(`${url}/events`, { method: "POST", agent, headers: { "content-type": "application/json" } });
    const answered = once(call, "response").then(
      ([response]: { statusCode: number; resume(): void }[]) => (response!.resume(), response!.statusCode),
      () => undefined,
    );
    call.end(JSON.stringify(sent));
    const status = await answered;
    outcomes.push({ id: sent["event_id"] as string, status });
    if (status !== 202) return;
  }
}

async function clicksIn(directory: string): Promise<string[]> {
  await using log = await openEventLog(join(directory, "log"));
  const { next } = await log.offsets([TOPICS.click]);
  const ids: string[] = [];
  for (const [key, end] of next) {
    const partition = Number(key.split("/")[1]);
    for (let offset = 0; offset < end;) {
      const records = await log.read({ topic: TOPICS.click, partition, offset }, { maxRecords: 1000 });
      for (const { value } of records)
        ids.push((JSON.parse(Buffer.from(value).toString()) as { event_id: string }).event_id);
      offset = records.at(-1)!.offset + 1;
    }
  }
  return ids;
}

test("SIGTERM while events are posted over kept connections: the process ends well, and each event answered 202 is in the log once", async () => {
  await using directory = await temporaryDirectory();
  await using platform = await startPlatform(directory.path, ["serve"], { EXPOSURES: "false" });
  const agent = new Agent({ keepAlive: true });
  const outcomes: Outcome[] = [];
  const posting = Promise.all(Array.from({ length: CALLERS }, () => postUntilGone(platform.url, agent, outcomes)));
  await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBeGreaterThan(200);
  expect(await platform.stop("SIGTERM")).toBe(0);
  await posting;
  agent.destroy();
  const statuses = new Set(outcomes.map(({ status }) => status));
  expect([...statuses].filter((status) => ![202, 503, undefined].includes(status))).toEqual([]);
  const copies = Map.groupBy(await clicksIn(directory.path), (id) => id);
  expect(outcomes.filter(({ id, status }) => status === 202 && copies.get(id)?.length !== 1)).toEqual([]);
}, 60_000);
