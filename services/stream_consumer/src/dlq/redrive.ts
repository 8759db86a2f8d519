import { CinelakeError, DEAD_LETTER_TOPIC } from "@cinelake/contracts";
import { MAX_RECORD_BYTES, type EventLog, type LogRecord, type NewRecord } from "@cinelake/event_log";
import { ATTEMPT_HEADER, FIRST_SEEN_HEADER, historyOf, redriveMark, type DeadLetter } from "../dead_letter.ts";
import { scanLetters, wholeLetters, type LetterSummary, type ScanOptions } from "./letters.ts";
import { fitsFilter, type DeadLetterFilter } from "./list.ts";
import { readPlaces } from "./read_places.ts";

export interface RedriveRequest extends DeadLetterFilter {
  /** Only letters of these keys; default all. */
  readonly keys?: readonly string[];
  /** A letter of this attempt or a later one stays. */
  readonly maxAttempts: number;
  /** Only counts. */
  readonly dryRun?: boolean;
}

/** What becomes of a letter; `not_possible`: its record is too large for a letter and not in its topic any more, or for two more headers. */
type LetterFate = "redriven" | "redriven_already" | "attempts_used_up" | "not_possible";

export interface RedriveReport {
  /** How many selected letters had each fate. `redriven` counts those put back, or to be put back in a dry run. */
  readonly fates: Readonly<Record<LetterFate, number>>;
  /** Letters put back by topic and class of the reason. */
  readonly redriven: readonly { readonly topic: string; readonly reason: string; readonly letters: number }[];
  /** Keys asked for that no letter has. */
  readonly unknownKeys: readonly string[];
}

export interface RedrivePorts {
  readonly log: EventLog;
  /** Milliseconds since the epoch; default Date.now. */
  readonly clock?: () => number;
  readonly signal?: AbortSignal;
  /** Told how many letters have been put back so far. */
  readonly onProgress?: (redriven: number) => void;
}

/** Letters that are put back and marked in one go: what a crash in between may put back twice. */
const BATCH_LETTERS = 200;
const BATCH_BYTES = 4 << 20;

/** What becomes of a letter that was selected. */
function fateOf({ redrivenAs, attempt }: LetterSummary, maxAttempts: number): LetterFate {
  if (redrivenAs) return "redriven_already";
  return attempt >= maxAttempts ? "attempts_used_up" : "redriven";
}

/** The letter's record as it goes back into its topic; `original` stands in for what the letter does not hold. Undefined: it cannot. */
function redrivenRecord(letter: DeadLetter, original: LogRecord | undefined): NewRecord | undefined {
  const value = letter.value_base64 === null ? original?.value : Buffer.from(letter.value_base64, "base64");
  if (!value) return undefined;
  const headers = letter.value_base64 === null ? (original?.headers ?? {}) : letter.headers;
  const history = { [ATTEMPT_HEADER]: String(letter.attempt + 1), [FIRST_SEEN_HEADER]: letter.first_seen };
  const record = { key: letter.key ?? original?.key ?? "", value, headers: { ...headers, ...history } };
  return roomFor(record) ? record : undefined;
}

function roomFor({ key, value, headers }: Required<NewRecord>): boolean {
  const texts = [key, ...Object.entries(headers).flat()];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 8, value.byteLength);
  return bytes <= MAX_RECORD_BYTES;
}

/**
 * Puts selected dead letters back into their topics, each once: after the append, a mark with the letter's key goes into the
 * dead-letter topic, and a letter that has one is left alone. A process that dies between the two leaves up to 200 letters that the
 * next call puts back again, which Silver drops as repeats. One call at a time.
 */
export async function redriveDeadLetters(
  { log, clock = Date.now, signal, onProgress }: RedrivePorts,
  request: RedriveRequest,
  options: Pick<ScanOptions, "maxHeld"> = {},
): Promise<RedriveReport> {
  const { keys, maxAttempts, dryRun = false } = request;
  const fates: Record<LetterFate, number> = { redriven: 0, redriven_already: 0, attempts_used_up: 0, not_possible: 0 };
  const groups = new Map<string, { topic: string; reason: string; letters: number }>();
  const wantedKeys = keys && new Set(keys);
  const unknownKeys = new Set(keys);
  let chosen: LetterSummary[] = [];

  function count({ topic, reasonClass: reason }: LetterSummary): void {
    fates.redriven++;
    const group = groups.get(`${topic} ${reason}`) ?? { topic, reason, letters: 0 };
    group.letters++;
    groups.set(`${topic} ${reason}`, group);
  }

  async function putBackChosen(): Promise<void> {
    const letters = chosen;
    chosen = [];
    for await (const batch of batches(log, letters)) {
      if (signal?.aborted)
        throw new CinelakeError("aborted", `Stopped on request; ${fates.redriven} letters are redriven`);
      const found = batch.filter((each): each is Redriven => each.record !== undefined);
      fates.not_possible += batch.length - found.length;
      if (!dryRun) await putBack(log, found, clock());
      for (const { summary } of found) count(summary);
      onProgress?.(fates.redriven);
    }
  }

  for await (const summary of scanLetters(log, options)) {
    if (!fitsFilter(summary, request) || (wantedKeys && !wantedKeys.has(summary.key))) continue;
    unknownKeys.delete(summary.key);
    const fate = fateOf(summary, maxAttempts);
    if (fate !== "redriven") fates[fate]++;
    else if (chosen.push(summary) >= BATCH_LETTERS) await putBackChosen();
  }
  await putBackChosen();
  return { fates, redriven: [...groups.values()], unknownKeys: [...unknownKeys] };
}

interface Chosen {
  readonly summary: LetterSummary;
  readonly letter: DeadLetter;
  readonly record: NewRecord | undefined;
}

type Redriven = Chosen & { readonly record: NewRecord };

/** The letters' records, in pieces of bounded size. */
async function* batches(log: EventLog, summaries: readonly LetterSummary[]): AsyncGenerator<Chosen[]> {
  let [batch, bytes]: [Chosen[], number] = [[], 0];
  for await (const { summary, letter } of wholeLetters(log, summaries)) {
    const isWhole = letter.key !== undefined && letter.value_base64 !== null;
    const record = redrivenRecord(letter, isWhole ? undefined : await originalOf(log, letter));
    batch.push({ summary, letter, record });
    bytes += record?.value.byteLength ?? 0;
    if (bytes < BATCH_BYTES) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** The record that the letter is of, if its topic still has it; another one at its place, of a topic made anew, is none. */
async function originalOf(log: EventLog, letter: DeadLetter): Promise<LogRecord | undefined> {
  for await (const { record } of readPlaces(log, [letter], (each) => each)) {
    return historyOf(record).first_seen === letter.first_seen ? record : undefined;
  }
  return undefined;
}

async function putBack(log: EventLog, redriven: readonly Redriven[], now: number): Promise<void> {
  for (const [topic, ofTopic] of Map.groupBy(redriven, ({ letter }) => letter.topic)) {
    const places = await log.append(
      topic,
      ofTopic.map(({ record }) => record),
    );
    await log.append(
      DEAD_LETTER_TOPIC,
      ofTopic.map(({ letter }, index) => redriveMark(letter, places[index]!, now)),
    );
  }
}
