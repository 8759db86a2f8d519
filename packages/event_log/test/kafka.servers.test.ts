import { startKafka, type KafkaServer } from "@cinelake/testkit";
import { afterAll, beforeAll } from "vitest";
import { eventLogConformance } from "../src/conformance.ts";
import { openEventLog, type EventLog } from "../src/index.ts";

let kafka: KafkaServer;
beforeAll(async () => {
  kafka = await startKafka();
});
afterAll(() => kafka[Symbol.asyncDispose]());

eventLogConformance("Kafka", async () => {
  const logs: EventLog[] = [];
  const open = async (): Promise<EventLog> => {
    const log = await openEventLog(kafka.url);
    logs.push(log);
    return log;
  };
  return {
    log: await open(),
    reopen: open,
    close: async () => {
      for (const log of logs) await log[Symbol.asyncDispose]();
    },
  };
});
