// A shop's own small API: a like becomes an event in Kafka, and its start page shows what Cinelake recommends.
//   node_modules/.bin/node examples/api_with_kafka/main.ts
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { compatibilityPartitioner, Producer, stringSerializers } from "@platformatic/kafka";
import { apiUrl, bootstrapBrokers } from "../support/servers.ts";

const PORT = Number(process.env.PORT ?? 8100);
const PATIENCE_MS = 500;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
type Handler = (request: IncomingMessage, parameter: string) => Promise<Answer>;

const producer = new Producer({
  clientId: "example_api",
  bootstrapBrokers,
  serializers: stringSerializers,
  acks: -1,
  idempotent: true,
  partitioner: compatibilityPartitioner,
  retries: 2,
  retryDelay: 200,
});

/** `{"user_id": 1, "movie_id": 318}`: stored when the answer is 202. A like is a rating of five stars. */
const like: Handler = async (request) => {
  const { user_id, movie_id } = (await json(request)) as { user_id?: unknown; movie_id?: unknown };
  if (!isId(user_id) || !isId(movie_id)) return { status: 400, body: { error: "user_id and movie_id must be ids" } };
  const event = {
    event_id: randomUUID(),
    event_type: "rating",
    event_ts: new Date().toISOString(),
    user_id,
    movie_id,
    rating: 5,
  };
  const message = { topic: "events_ratings", key: String(user_id), value: JSON.stringify(event) };
  await producer.send({ messages: [message] });
  return { status: 202, body: { event_id: event.event_id } };
};

/** The films for a user's start page. A shop goes on without recommendations: then the list is empty, in time. */
const startPage: Handler = async (_request, user) => {
  try {
    const response = await fetch(`${apiUrl}/recommendations/${user}?k=12`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!response.ok) throw new Error(`Cinelake answered ${response.status}`);
    const { items } = (await response.json()) as { items: { movie_id: number; title: string }[] };
    return { status: 200, body: { films: items.map(({ movie_id, title }) => ({ movie_id, title })) } };
  } catch (error) {
    console.error(`no recommendations for user ${user}: ${String(error)}`);
    return { status: 200, body: { films: [] } };
  }
};

const routes: readonly (readonly [string, RegExp, Handler])[] = [
  ["POST", /^\/likes$/, like],
  ["GET", /^\/start_page\/([1-9][0-9]{0,14})$/, startPage],
];

async function answer(request: IncomingMessage): Promise<Answer> {
  for (const [method, path, handler] of routes) {
    const match = path.exec(request.url ?? "");
    if (!match || request.method !== method) continue;
    try {
      return await handler(request, match[1] ?? "");
    } catch (error) {
      if (error instanceof SyntaxError) return { status: 400, body: { error: "the body is not JSON" } };
      console.error(error);
      return { status: 503, body: { error: "the event could not be stored; send it again" } };
    }
  }
  return { status: 404, body: { error: "there are POST /likes and GET /start_page/USER_ID" } };
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

const server = createServer((request, response) => {
  void answer(request).then(({ status, body }) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}).listen(PORT, "127.0.0.1", () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}/start_page/1`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => server.close(() => void producer.close()));
}
