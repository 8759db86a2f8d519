import { redriveDeadLetters, type RedriveReport } from "@cinelake/stream_consumer";
import type { Command } from "../command.ts";
import { dlqFilterOf, dlqFilterOptions } from "./dlq_options.ts";

const KEY = /^[^/\s]+\/\d+\/\d+$/;

export const dlqRedriveCommand: Command = {
  name: "dlq redrive",
  summary: "Puts dead letters back into their topics, each once; KEY is topic/partition/offset as dlq list shows it.",
  arguments: ["KEY..."],
  options: {
    ...dlqFilterOptions,
    all: { type: "boolean", description: "all letters" },
    "max-attempts": {
      type: "integer",
      description: "leave letters alone that have been tried so often",
      default: 5,
      minimum: 1,
      maximum: 1000,
    },
    "dry-run": { type: "boolean", description: "only say what would be done" },
  },
  check({ all, reason, topic, arguments: given }) {
    const keys = given as readonly string[];
    const wrong = keys.find((key) => !KEY.test(key));
    if (wrong !== undefined) return `${wrong} is no key; give topic/partition/offset as dlq list shows it`;
    const ways = [keys.length > 0, all === true, reason !== undefined || topic !== undefined];
    if (ways.filter(Boolean).length === 1) return undefined;
    return "say what to redrive: keys, or --reason and --topic, or --all";
  },
  async run({ house, options, step, signal }) {
    const keys = options.arguments as readonly string[];
    const maxAttempts = options["max-attempts"] as number;
    const dryRun = options["dry-run"] === true;
    const request = { ...dlqFilterOf(options), ...(keys.length > 0 ? { keys } : {}), maxAttempts, dryRun };
    const report = await step("redrive", (progress) =>
      house.batch(() =>
        redriveDeadLetters(
          { log: house.log, signal, onProgress: (done) => progress({ done, unit: "letters" }) },
          request,
        ),
      ),
    );
    const json = { dryRun, ...report.fates, groups: report.redriven, unknownKeys: report.unknownKeys };
    return { json, text: textOf(report, { dryRun, maxAttempts }), exitCode: report.unknownKeys.length > 0 ? 1 : 0 };
  },
};

function textOf(
  { fates, redriven, unknownKeys }: RedriveReport,
  { dryRun, maxAttempts }: { readonly dryRun: boolean; readonly maxAttempts: number },
): string {
  const lines = [
    ...redriven.map(({ topic, reason, letters }) => `${topic.padEnd(20)}${reason.padEnd(24)}${letters} letters`),
    `${fates.redriven} letters ${dryRun ? "would be put back into their topics" : "are back in their topics"}`,
  ];
  if (fates.redriven > 0)
    lines.push("They are unchanged: a record that is still not valid becomes a dead letter again, of its next attempt");
  if (fates.redriven_already > 0) lines.push(`${fates.redriven_already} were redriven before and are left alone`);
  if (fates.attempts_used_up > 0)
    lines.push(`${fates.attempts_used_up} have been tried ${maxAttempts} times or more; --max-attempts allows more`);
  if (fates.not_possible > 0)
    lines.push(`${fates.not_possible} are too large: Bronze has their records, their topics do not any more`);
  for (const key of unknownKeys) lines.push(`no dead letter has the key ${key}`);
  return lines.join("\n");
}
