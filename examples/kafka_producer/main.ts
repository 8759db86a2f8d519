// Sends views of films to Cinelake, as any program beside it would: with a Kafka client and JSON, and nothing of Cinelake's own.
//   node_modules/.bin/node examples/kafka_producer/main.ts [COUNT]
import { randomInt, randomUUID } from "node:crypto";
import { compatibilityPartitioner, Producer, stringSerializers } from "@platformatic/kafka";
import { bootstrapBrokers } from "../support/servers.ts";

const TOPIC = "events_views";
const BATCH = 100;
const count = Number(process.argv[2] ?? 10);

const producer = new Producer({
  clientId: "example_producer",
  bootstrapBrokers,
  serializers: stringSerializers,
  // All in-sync replicas have the record before `send` resolves, and a request that the client repeats is stored once.
  acks: -1,
  idempotent: true,
  // Keys choose partitions as in Kafka's Java clients, so that all of a user's events stay in one, whoever sends them.
  partitioner: compatibilityPartitioner,
});

/** An event as schemas/events/view_event.schema.json wants it. Sent again after an error it must stay the same: `event_id` makes it count once. */
function view(): { key: string; value: string } {
  const user = randomInt(1, 500);
  const event = {
    event_id: randomUUID(),
    event_type: "view",
    event_ts: new Date().toISOString(),
    user_id: user,
    movie_id: randomInt(1, 200),
    device_type: "tv",
  };
  return { key: String(user), value: JSON.stringify(event) };
}

for (let sent = 0; sent < count; sent += BATCH) {
  const messages = Array.from({ length: Math.min(BATCH, count - sent) }, () => ({ topic: TOPIC, ...view() }));
  const { offsets = [] } = await producer.send({ messages });
  for (const { topic, partition, offset } of offsets)
    console.log(`${topic}/${partition}: stored from offset ${offset}`);
}
await producer.close();
console.log(`${count} views sent`);
