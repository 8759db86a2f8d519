import { FRAME_TARGET_BYTES } from "./frame.ts";

/** Encoded records that wait to be written, and who waits for their first offset. */
export interface Waiting {
  readonly records: readonly Buffer[];
  readonly bytes: number;
  readonly resolve: (base: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Groups of records of about a frame's size, each with at least one. */
export function* chunks(records: readonly Buffer[]): Generator<Buffer[]> {
  let [chunk, bytes]: [Buffer[], number] = [[], 0];
  for (const record of records) {
    if (chunk.length > 0 && bytes + record.length > FRAME_TARGET_BYTES) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(record);
    bytes += record.length;
  }
  if (chunk.length > 0) yield chunk;
}

/** Removes from the front of the queue what goes into the next frame. */
export function takeGroup(queue: Waiting[]): Waiting[] {
  let [count, bytes] = [0, 0];
  while (count < queue.length && (count === 0 || bytes + queue[count]!.bytes <= FRAME_TARGET_BYTES))
    bytes += queue[count++]!.bytes;
  return queue.splice(0, count);
}

export function bytesOf(records: readonly Buffer[]): number {
  return records.reduce((sum, record) => sum + record.length, 0);
}
