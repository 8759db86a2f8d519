import type { EventLog } from "@cinelake/event_log";
import type { DeadLetter } from "../dead_letter.ts";
import { scanLetters, wholeLetters, type LetterSummary, type ScanOptions } from "./letters.ts";

export interface DeadLetterFilter {
  /** Class of the reason: what stands before its colon. */
  readonly reason?: string;
  /** Topic of the record. */
  readonly topic?: string;
}

interface ReasonCount {
  readonly reason: string;
  readonly letters: number;
  readonly redriven: number;
}

export interface DeadLetterList {
  /** The newest, newest last. */
  readonly letters: readonly { readonly summary: LetterSummary; readonly letter: DeadLetter }[];
  /** Of all letters that fit the filter, most frequent first. */
  readonly reasons: readonly ReasonCount[];
  /** Records of the dead-letter topic that are neither letter nor mark. */
  readonly unreadable: number;
}

export function fitsFilter({ reasonClass, topic }: LetterSummary, filter: DeadLetterFilter): boolean {
  return (filter.reason ?? reasonClass) === reasonClass && (filter.topic ?? topic) === topic;
}

/** The newest dead letters and how many there are of each reason. Memory holds `limit` whole letters and what `scanLetters` holds. */
export async function listDeadLetters(
  log: EventLog,
  { limit, ...filter }: DeadLetterFilter & { readonly limit: number },
  options: Pick<ScanOptions, "maxHeld"> = {},
): Promise<DeadLetterList> {
  const reasons = new Map<string, ReasonCount>();
  let newest: LetterSummary[] = [];
  let unreadable = 0;
  for await (const summary of scanLetters(log, { ...options, onUnreadable: () => void unreadable++ })) {
    if (!fitsFilter(summary, filter)) continue;
    const reason = summary.reasonClass;
    const { letters, redriven } = reasons.get(reason) ?? { letters: 0, redriven: 0 };
    reasons.set(reason, { reason, letters: letters + 1, redriven: redriven + (summary.redrivenAs ? 1 : 0) });
    newest.push(summary);
    if (newest.length > 2 * limit) newest = newestOf(newest, limit);
  }
  const whole = await Array.fromAsync(wholeLetters(log, newestOf(newest, limit)));
  return {
    letters: whole.toSorted((a, b) => byAge(a.summary, b.summary)),
    reasons: [...reasons.values()].toSorted((a, b) => b.letters - a.letters),
    unreadable,
  };
}

function newestOf(letters: readonly LetterSummary[], limit: number): LetterSummary[] {
  return letters.toSorted(byAge).slice(-limit);
}

function byAge(a: LetterSummary, b: LetterSummary): number {
  return a.buriedAt - b.buriedAt || a.at.partition - b.at.partition || a.at.offset - b.at.offset;
}
