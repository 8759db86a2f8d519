import { EVENT_TOPICS, type EventTopic } from "@cinelake/contracts";
import { planReplay, replayEvents, type PartitionReplay, type ReplayStart } from "@cinelake/stream_consumer";
import type { Command } from "../command.ts";
import { timeOf } from "./table_where.ts";

export const eventsReplayCommand: Command = {
  name: "events replay",
  summary: "Makes the stream consumer read a part of the log again into Bronze and Silver, without doubles.",
  options: {
    from: {
      type: "string",
      description: "earliest, latest, an offset, or the time at which the log took a record, ISO 8601",
      required: true,
    },
    topic: { type: "string", description: "only this topic", choices: EVENT_TOPICS },
    partition: { type: "integer", description: "only this partition of each topic" },
    "dry-run": { type: "boolean", description: "only say what would be done" },
  },
  check({ from }) {
    if (startOf(String(from)) !== undefined) return undefined;
    return `--from takes earliest, latest, an offset or a time such as 2026-01-31T12:00:00Z, not ${String(from)}`;
  },
  async run({ house, options }) {
    const request = {
      from: startOf(String(options.from))!,
      topics: options.topic === undefined ? EVENT_TOPICS : [options.topic as EventTopic],
      ...(options.partition === undefined ? {} : { partition: options.partition as number }),
    };
    const dryRun = options["dry-run"] === true;
    const partitions = await (dryRun ? planReplay(house, request) : replayEvents(house, request));
    const read = partitions.filter(({ moves }) => moves.length > 0);
    const records = read.reduce((sum, { from, next }) => sum + next - from, 0);
    return {
      json: { dryRun, records, partitions },
      text: [...read.flatMap(linesOf), endOf(read, records, dryRun)].join("\n"),
    };
  },
};

function startOf(text: string): ReplayStart | undefined {
  if (text === "earliest" || text === "latest") return text;
  const offset = /^\d+$/.test(text) ? Number(text) : undefined;
  if (Number.isSafeInteger(offset)) return { offset: offset! };
  const timestamp = timeOf(text);
  return timestamp === undefined ? undefined : { timestamp };
}

function linesOf({ topic, partition, from, next, wasAhead, moves }: PartitionReplay): string[] {
  const lines = moves.map(({ table, expected, offset }) => `    ${table.padEnd(30)}offset ${expected} -> ${offset}`);
  const note = wasAhead ? "; the tables had read further than this log reaches, their rows of the former log stay" : "";
  return [`${topic}/${partition}  records ${from} to ${next}${note}`, ...lines];
}

function endOf(read: readonly PartitionReplay[], records: number, dryRun: boolean): string {
  if (read.length === 0) return "Nothing to do: no table has read further than that";
  if (dryRun) return `${records} records would be read again`;
  const stopped = read.some(({ wasAhead }) => wasAhead)
    ? "; one that has stopped with table_ahead_of_log, when it is started again"
    : "";
  return `${records} records are read again: by a stream consumer that runs, within seconds${stopped}`;
}
