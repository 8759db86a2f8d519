/** Topics of the event log; every record's key is the user id as text. */
export const TOPICS = {
  view: "events_views",
  click: "events_clicks",
  rating: "events_ratings",
  exposure: "events_exposures",
} as const;

export const DEAD_LETTER_TOPIC = "events_dlq";
export const DEFAULT_PARTITIONS = 3;

export type EventType = keyof typeof TOPICS;
export type EventTopic = (typeof TOPICS)[EventType];

export const EVENT_TYPES = Object.keys(TOPICS) as EventType[];
export const EVENT_TOPICS = Object.values(TOPICS) as EventTopic[];

/** Every topic that the platform needs, to be made where it is missing. */
export function allTopics(
  partitions: number = DEFAULT_PARTITIONS,
): { readonly name: string; readonly partitions: number }[] {
  return [...EVENT_TOPICS, DEAD_LETTER_TOPIC].map((name) => ({ name, partitions }));
}

/** Name under which each table's log keeps the next offset of a topic's partition, for the stream consumer's commits. */
export function streamApplicationId(topic: string, partition: number): string {
  return `stream_consumer/${topic}/${partition}`;
}

/** Bronze and Silver table of a topic: `events_views` -> `bronze_events_views_raw`, `silver_events_views`. */
export function tablesOfTopic<T extends EventTopic>(topic: T): { bronze: `bronze_${T}_raw`; silver: `silver_${T}` } {
  return { bronze: `bronze_${topic}_raw`, silver: `silver_${topic}` };
}
