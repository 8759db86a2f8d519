import { parseRfc3339, tablesOfTopic, TOPICS } from "@cinelake/contracts";
import type { Predicate } from "@cinelake/delta";
import { findLakeTable, type LakePorts } from "@cinelake/lake";
import type { Gap } from "./coverage.ts";
import type { UserEvent } from "./recent_events.ts";

/**
 * Opinions (ratings and `not_interested`) of a part of the log that only the tables still have. Looks are not worth the reading. A table
 * that does not exist has nothing.
 */
export async function* opinionsFromTables(ports: LakePorts, gap: Gap): AsyncIterable<UserEvent> {
  if (gap.topic !== TOPICS.rating && gap.topic !== TOPICS.click) return;
  const where: Predicate[] = [
    { column: "log_partition", op: "=", value: gap.partition },
    { column: "log_offset", op: ">=", value: gap.from },
    { column: "log_offset", op: "<", value: gap.to },
  ];
  if (gap.topic === TOPICS.click) where.push({ column: "click_type", op: "=", value: "not_interested" });
  const columns = ["event_id", "event_ts", "user_id", "movie_id", ...(gap.topic === TOPICS.rating ? ["rating"] : [])];
  const snapshot = await (await findLakeTable(ports, tablesOfTopic(gap.topic).silver))?.snapshot();
  for await (const rows of snapshot?.read({ columns, where }) ?? []) for (const row of rows) yield eventOf(row);
}

function eventOf(row: Readonly<Record<string, unknown>>): UserEvent {
  const [userId, movieId] = [Number(row["user_id"]), Number(row["movie_id"])];
  const ts = parseRfc3339(String(row["event_ts"])) ?? 0;
  const stars = row["rating"];
  const interaction =
    stars === undefined
      ? ({ kind: "not_interested", movieId, ts } as const)
      : ({ kind: "rating", movieId, ts, stars: Number(stars) } as const);
  return { eventId: String(row["event_id"]), userId, interaction };
}
