import { EVENT_TOPICS, tablesOfTopic, type EventTopic } from "@cinelake/contracts";
import { expect } from "vitest";
import { expectedSilver } from "./oracle.ts";
import { deadLetters, readTable, readTopicRecords, type World } from "./world.ts";

/** Silver holds what the oracle says, Bronze every record once, the dead letters are complete, references exist. */
export async function expectEverythingOnce(world: World): Promise<void> {
  const { tables, dead } = await expectedSilver(world.log);
  const [films, users] = [
    await idsOf(world, "silver_movies", "movie_id"),
    await idsOf(world, "silver_users", "user_id"),
  ];
  for (const topic of EVENT_TOPICS) {
    const names = tablesOfTopic<EventTopic>(topic);
    const silver = await readTable(world, names.silver);
    const expected = [...(tables.get(names.silver)?.values() ?? [])];
    expect(silver.map((row) => row["event_id"]).sort()).toEqual(expected.map((event) => event["event_id"]).sort());
    for (const row of silver) {
      const event = tables.get(names.silver)?.get(`${String(row["event_date"])} ${String(row["event_id"])}`);
      const own = Object.entries(row).filter(([column]) => event && column in event);
      expect(Object.fromEntries(own)).toEqual(Object.fromEntries(own.map(([column]) => [column, event?.[column]])));
      expect(films.has(row["movie_id"]) && users.has(row["user_id"])).toBe(true);
    }
    const bronze = (await readTable(world, names.bronze)).map((row) => {
      const bytes = row["value_base64"] ? Buffer.from(String(row["value_base64"]), "base64") : String(row["value"]);
      return `${row["partition"]}/${row["offset"]} ${Buffer.from(bytes).toString("hex")}`;
    });
    const records = (await readTopicRecords(world.log, topic)).map(
      (record) => `${record.partition}/${record.offset} ${Buffer.from(record.value).toString("hex")}`,
    );
    expect(bronze.sort()).toEqual(records.sort());
  }
  const letters = (await deadLetters(world.log)).map(
    ({ topic, partition, offset }) => `${topic}/${partition}/${offset}`,
  );
  expect(letters.sort()).toEqual([...dead].sort());
}

async function idsOf(world: World, table: "silver_movies" | "silver_users", column: string): Promise<Set<unknown>> {
  const ids = (await readTable(world, table)).map((row) => row[column]);
  expect(new Set(ids).size).toBe(ids.length);
  return new Set(ids);
}
