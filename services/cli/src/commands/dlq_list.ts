import { CORRELATION_HEADER } from "@cinelake/contracts";
import { listDeadLetters, type DeadLetterList } from "@cinelake/stream_consumer";
import type { Command } from "../command.ts";
import { dlqFilterOf, dlqFilterOptions } from "./dlq_options.ts";

/** Characters of a record that are shown. */
const SHOWN = 160;

export const dlqListCommand: Command = {
  name: "dlq list",
  summary: "Lists what the stream consumer could not use, newest last, and counts it by reason.",
  options: {
    ...dlqFilterOptions,
    limit: { type: "integer", description: "at most so many letters", default: 20, minimum: 1, maximum: 1000 },
  },
  async run({ house, options }) {
    const list = await listDeadLetters(house.log, { ...dlqFilterOf(options), limit: options.limit as number });
    const letters = list.letters.map(shown);
    const reasons = list.reasons;
    const all = reasons.reduce((sum, each) => sum + each.letters, 0);
    const lines = letters.flatMap(({ key, firstSeen, attempt, reason, redrivenAs, correlationId, text }) => [
      `${firstSeen}  ${key}  attempt ${attempt}${redrivenAs ? `  redriven as ${redrivenAs}` : ""}${correlationId === null ? "" : `  correlation id ${oneLine(correlationId)}`}`,
      `    ${oneLine(reason)}`,
      `    ${text === null ? "(too large for the letter; its topic and Bronze have it)" : oneLine(text)}`,
    ]);
    const counts = reasons.map(
      (each) =>
        `${oneLine(each.reason).padEnd(24)}${String(each.letters).padStart(10)}${String(each.redriven).padStart(10)}`,
    );
    const text = [
      ...lines,
      ...(letters.length > 0 ? [""] : []),
      ...(all > letters.length ? [`the newest ${letters.length} of ${all}; --limit shows more`] : []),
      ...(counts.length > 0 ? [`${"reason".padEnd(24)}${"letters".padStart(10)}${"redriven".padStart(10)}`] : []),
      ...counts,
      ...(all === 0 ? ["No dead letters"] : []),
      ...(list.unreadable > 0 ? [`${list.unreadable} records of the topic are no dead letters`] : []),
    ];
    return { json: { letters, reasons, unreadable: list.unreadable }, text: text.join("\n") };
  },
};

function shown({ summary, letter }: DeadLetterList["letters"][number]) {
  const { topic, partition, offset, reason, attempt, first_seen: firstSeen, headers, value_base64: value } = letter;
  const bytes = value === null ? undefined : Buffer.from(value, "base64");
  const whole = bytes?.subarray(0, 4 * SHOWN).toString("utf8");
  return {
    key: summary.key,
    topic,
    partition,
    offset,
    reason,
    attempt,
    firstSeen,
    correlationId: headers[CORRELATION_HEADER] ?? null,
    redrivenAs: summary.redrivenAs
      ? `${summary.redrivenAs.topic}/${summary.redrivenAs.partition}/${summary.redrivenAs.offset}`
      : null,
    bytes: bytes?.byteLength ?? null,
    text: whole === undefined ? null : `${whole.slice(0, SHOWN)}${whole.length > SHOWN ? "…" : ""}`,
  };
}

/** Foreign text must not move a terminal's cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{FFFD}");
}
