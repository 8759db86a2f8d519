import type { SeededRandom } from "@cinelake/testkit";
import { expect } from "vitest";
import { event, post } from "./client.ts";
import { cinelake, eventually, startPlatform } from "./platform.ts";
import { tableReader } from "./tables.ts";

type Env = Readonly<Record<string, string>>;

export interface Posted {
  /** Ids of events that were posted, whatever came of it. */
  readonly sent: Set<string>;
  /** Ids of those that were answered with 202. */
  readonly acknowledged: Set<string>;
}

/** Serves a data directory and posts clicks to it, until it is killed at a random moment; as many times as `kills`. */
export async function killWhilePosting(
  directory: string,
  { kills, random, env = {} }: { readonly kills: number; readonly random: SeededRandom; readonly env?: Env },
): Promise<Posted> {
  const posted: Posted = { sent: new Set(), acknowledged: new Set() };
  for (let round = 0; round < kills; round++) {
    await using platform = await startPlatform(directory, ["serve"], {
      FLUSH_INTERVAL_MS: "150",
      EXPOSURES: "false",
      ...env,
    });
    const posting = Promise.allSettled(Array.from({ length: 4 }, () => postForEver(platform.url, random, posted)));
    await new Promise((resolve) => setTimeout(resolve, 200 + random.int(900)));
    await platform.kill();
    await posting;
  }
  return posted;
}

/** Ends with the error of the first post that fails. */
async function postForEver(url: string, random: SeededRandom, { sent, acknowledged }: Posted): Promise<never> {
  for (;;) {
    const events = Array.from({ length: 5 }, () => event("click", 1 + random.int(500), 1 + random.int(300)));
    for (const each of events) sent.add(each.event_id as string);
    await post(url, events);
    for (const each of events) acknowledged.add(each.event_id as string);
  }
}

/** Lets one more process take over the log, then looks for each acknowledged click: once in the log, in Bronze and in Silver, and nothing else there. */
export async function expectClicksOnce(
  directory: string,
  { sent, acknowledged }: Posted,
  env: Env = {},
): Promise<void> {
  const last = await startPlatform(directory, ["serve"], { FLUSH_INTERVAL_MS: "100", EXPOSURES: "false", ...env });
  const { logged } = await eventually(
    () => clickCounts(directory, env),
    (counts) => counts.bronze === counts.logged,
    60_000,
  );
  expect(await last.stop()).toBe(0);

  const rows = await tableReader(directory);
  const silver = (await rows("silver_events_clicks")).map((row) => row.event_id as string);
  const bronze = await rows("bronze_events_clicks_raw");
  const ids = bronze.map(({ value }) => (JSON.parse(value as string) as { event_id: string }).event_id);
  expect(acknowledged.size).toBeGreaterThan(100);
  expect(bronze).toHaveLength(logged);
  expect(new Set(bronze.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(bronze.length);
  for (const found of [ids, silver]) {
    expect(new Set(found).size).toBe(found.length);
    expect([...acknowledged.difference(new Set(found))]).toEqual([]);
    expect(found.filter((id) => !sent.has(id))).toEqual([]);
  }
}

async function clickCounts(directory: string, env: Env): Promise<{ logged: number; bronze: number }> {
  const { stdout } = await cinelake(directory, ["status", "--json"], { env });
  const { tables, topics } = JSON.parse(stdout) as {
    tables: { name: string; rows: number }[];
    topics: { topic: string; records: number }[];
  };
  return {
    logged: topics.find(({ topic }) => topic === "events_clicks")?.records ?? -1,
    bronze: tables.find(({ name }) => name === "bronze_events_clicks_raw")?.rows ?? -2,
  };
}
