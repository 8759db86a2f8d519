// Prints the events that come to Cinelake, as a member of a consumer group of its own: Cinelake's services do not notice.
//   node_modules/.bin/node examples/kafka_consumer/main.ts [GROUP]
import { Consumer, MessagesStreamFallbackModes, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { bootstrapBrokers } from "../support/servers.ts";

const TOPICS = ["events_views", "events_clicks", "events_ratings"];
const groupId = process.argv[2] ?? "example_consumer";

const consumer = new Consumer({
  clientId: "example_consumer",
  groupId,
  bootstrapBrokers,
  deserializers: stringDeserializers,
});
const stream = await consumer.consume({
  topics: TOPICS,
  // Goes on where the group has been; a new group begins with the oldest event that Kafka still keeps.
  mode: MessagesStreamModes.COMMITTED,
  fallbackMode: MessagesStreamFallbackModes.EARLIEST,
  autocommit: false,
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stream.close());
console.log(`group ${groupId} reads ${TOPICS.join(", ")}; Ctrl-C ends`);

for await (const message of stream) {
  console.log(`${message.topic}/${message.partition}@${message.offset} ${describe(message.value)}`);
  // Committed once the work is done: after a crash the last events come again, and none is missed.
  await message.commit();
}
await consumer.close();

/** A topic holds whatever its producers wrote: a record that is no event must not end the program. */
function describe(value: string | undefined): string {
  try {
    const { event_ts, user_id, event_type, movie_id } = JSON.parse(value ?? "") as Record<string, unknown>;
    return `${event_ts} user ${user_id}: ${event_type} of film ${movie_id}`;
  } catch {
    return `no JSON: ${JSON.stringify(value?.slice(0, 80))}`;
  }
}
