import { CinelakeError, type TrendingWindow } from "@cinelake/contracts";
import type { KnownPair } from "./trending_counts.ts";

const VERSION = 2;
const COLUMNS = 8;

export interface TrendingState {
  readonly pairs: readonly KnownPair[];
  /** Films on the list of each window, for the thresholds that differ between entering and leaving. */
  readonly listed: Readonly<Partial<Record<TrendingWindow, readonly number[]>>>;
}

/**
 * Length of the header (uint32, little endian), header as JSON padded to 8 bytes, then the pairs as eight columns of
 * float64: user, film, latest view-like, click-like, rating-like time, last day, days, since when the user is known.
 */
export function encodeState(state: TrendingState): Uint8Array {
  const json = JSON.stringify({ version: VERSION, pairs: state.pairs.length, listed: state.listed });
  const header = new TextEncoder().encode(json.padEnd(Math.ceil((json.length + 4) / 8) * 8 - 4));
  const bytes = new Uint8Array(4 + header.length + state.pairs.length * COLUMNS * 8);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  const values = new Float64Array(bytes.buffer, 4 + header.length);
  const count = state.pairs.length;
  for (let row = 0; row < count; row++) {
    const { userId, movieId, latest, lastDay, days, since } = state.pairs[row]!;
    const fields = [userId, movieId, latest[0], latest[1], latest[2], lastDay, days, since];
    for (let column = 0; column < COLUMNS; column++) values[column * count + row] = fields[column]!;
  }
  return bytes;
}

/** The state in `bytes`; fails with `invalid_argument` if they are of another version or cut off. */
export function decodeState(bytes: Uint8Array): TrendingState {
  // A copy of its own: the columns must lie at multiples of 8, and `slice` of a Buffer would share memory.
  const aligned = new Uint8Array(bytes);
  const view = new DataView(aligned.buffer);
  const start = aligned.length >= 4 ? 4 + view.getUint32(0, true) : Number.POSITIVE_INFINITY;
  if (start > aligned.length || start % 8 !== 0) throw unreadable("it is cut off or no snapshot at all");
  const header = parseHeader(new TextDecoder().decode(aligned.subarray(4, start)));
  if (header.version !== VERSION) throw unreadable(`it has version ${String(header.version)}, not ${VERSION}`);
  const count = header.pairs;
  if (aligned.length !== start + count * COLUMNS * 8) throw unreadable("it is cut off");
  const values = new Float64Array(aligned.buffer, start);
  const at = (column: number, row: number): number => values[column * count + row]!;
  const pairs = Array.from({ length: count }, (_, row): KnownPair => ({
    userId: at(0, row),
    movieId: at(1, row),
    latest: [at(2, row), at(3, row), at(4, row)],
    lastDay: at(5, row),
    days: at(6, row),
    since: at(7, row),
  }));
  return { pairs, listed: header.listed };
}

function parseHeader(text: string): { version: unknown; pairs: number; listed: TrendingState["listed"] } {
  try {
    return JSON.parse(text) as ReturnType<typeof parseHeader>;
  } catch (error) {
    throw unreadable("its header is damaged", error);
  }
}

function unreadable(why: string, cause?: unknown): CinelakeError {
  return new CinelakeError(
    "invalid_argument",
    `The trending snapshot cannot be read: ${why}. Leave it out and replay the events.`,
    { cause },
  );
}
