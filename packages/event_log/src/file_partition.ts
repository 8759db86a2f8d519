import type { FileHandle } from "node:fs/promises";
import type { LogRecord, NewRecord, TopicPartition } from "./event_log.ts";
import { bytesOf, chunks, takeGroup, type Waiting } from "./append_queue.ts";
import { errorCode, explain, makeFolder, syncFolder, type Disk } from "./disk.ts";
import { encodeFrame, encodeRecord, readRecords, type Frame } from "./frame.ts";
import { checkRange, closedError, type Partition, type ReadLimits } from "./partition.ts";
import { indexFinished, recover, writeCheckpoint, type Recovered } from "./recovery.ts";
import { expiredSegments, type Retention } from "./retention.ts";
import { damaged, scanFrames, segmentPath, SharedFile, SparseIndex, type Segment } from "./segment.ts";

export interface FilePartitionOptions {
  readonly disk: Disk;
  readonly now: () => number;
  readonly retention: Retention;
  /** A segment is finished once it has this many bytes ... */
  readonly segmentBytes: number;
  /** ... or its first record this age. */
  readonly segmentAgeMs: number;
  /** Called whenever `next` has risen. */
  readonly onGrowth: () => void;
  readonly onCut: (cut: NonNullable<Recovered["cut"]>) => void;
}

/** Opens a partition's folder (made if missing) and repairs what a crash left at its end. */
export async function openFilePartition(
  folder: string,
  at: TopicPartition,
  options: FilePartitionOptions,
): Promise<Partition> {
  await makeFolder(options.disk, folder);
  const recovered = await recover(options.disk, folder);
  await syncFolder(options.disk, folder);
  if (recovered.cut) options.onCut(recovered.cut);
  const partition = new FilePartition(folder, at, options, recovered);
  await partition.dropExpired();
  return partition;
}

/**
 * Segments of frames. Appends that come while another is being written wait and share the next frame, with one write and one sync.
 * `next` moves only after the sync, and nobody reads beyond it. After a failed write or sync the file is first cut back to what is
 * known to be durable; until that succeeds every append fails.
 */
class FilePartition implements Partition {
  readonly at: TopicPartition;
  readonly #folder: string;
  readonly #options: FilePartitionOptions;
  #segments: Segment[];
  #file: SharedFile;
  #next: number;
  #lastTimestamp: number;
  #queue: Waiting[] = [];
  #isWriting = false;
  #tailIsSound = true;
  #mustRoll = false;
  readonly #appending = new Set<Promise<number[]>>();
  #closed: Promise<void> | undefined;

  constructor(folder: string, at: TopicPartition, options: FilePartitionOptions, recovered: Recovered) {
    this.at = at;
    this.#folder = folder;
    this.#options = options;
    this.#segments = recovered.segments;
    this.#file = new SharedFile(recovered.file);
    this.#next = recovered.next;
    this.#lastTimestamp = recovered.lastTimestamp;
  }

  get first(): number {
    return this.#segments[0]!.base;
  }

  get next(): number {
    return this.#next;
  }

  async append(records: readonly NewRecord[]): Promise<number[]> {
    if (this.#closed) throw closedError();
    const appending = this.#appendChunks(records.map(encodeRecord));
    this.#appending.add(appending);
    try {
      return await appending;
    } finally {
      this.#appending.delete(appending);
    }
  }

  async read(offset: number, limits: ReadLimits): Promise<LogRecord[]> {
    checkRange(this, offset);
    const next = this.#next;
    if (offset === next || limits.maxRecords < 1) return [];
    const place = this.#segments.findLastIndex((segment) => segment.base <= offset);
    const segment = this.#segments[place]!;
    const following = this.#segments[place + 1];
    if (!following)
      return await this.#file.use((file) => this.#readFrom(file, segment, segment.index!, offset, limits));
    let file: FileHandle;
    try {
      file = await this.#options.disk.open(segment.path, "r");
    } catch (error) {
      checkRange(this, offset);
      if (errorCode(error) === "ENOENT") throw damaged(segment.path, 0, "the file is missing");
      return explain(error, `Cannot read ${segment.path}`);
    }
    await using open = file;
    segment.index ??= await indexFinished(open, segment, following.base);
    return await this.#readFrom(open, segment, segment.index, offset, limits);
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain();
    return this.#closed;
  }

  /** Removes segments that retention no longer keeps; one that cannot be removed is left for the next time the log is opened. */
  async dropExpired(): Promise<void> {
    const count = expiredSegments(this.#segments, this.#options.retention, this.#options.now());
    const dropped = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    for (const segment of dropped) await this.#options.disk.unlink(segment.path).catch(() => {});
  }

  async #drain(): Promise<void> {
    await Promise.allSettled(this.#appending);
    await writeCheckpoint(this.#options.disk, this.#folder, this.#next).catch(() => {});
    await this.#file.close();
  }

  async #appendChunks(records: readonly Buffer[]): Promise<number[]> {
    const offsets: number[] = [];
    for (const chunk of chunks(records)) {
      const base = await this.#enqueue(chunk);
      for (let index = 0; index < chunk.length; index++) offsets.push(base + index);
    }
    return offsets;
  }

  /** First offset of the records, once they are durable. */
  #enqueue(records: readonly Buffer[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, bytes: bytesOf(records), resolve, reject });
      if (!this.#isWriting) void this.#writeQueue();
    });
  }

  async #writeQueue(): Promise<void> {
    this.#isWriting = true;
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = takeGroup(this.#queue);
      try {
        let base = await this.#write(group.flatMap(({ records }) => records));
        this.#options.onGrowth();
        for (const { records, resolve } of group) {
          resolve(base);
          base += records.length;
        }
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  /** Writes one frame; its first offset, once it is durable. */
  async #write(records: readonly Buffer[]): Promise<number> {
    const base = this.#next;
    const timestamp = Math.max(this.#options.now(), this.#lastTimestamp);
    const bytes = encodeFrame(base, timestamp, records);
    try {
      if (!this.#tailIsSound) await this.#repair();
      if (this.#mustRoll || this.#isFinished(bytes.length, timestamp)) await this.#roll();
      const segment = this.#segments.at(-1)!;
      this.#tailIsSound = false;
      await this.#file.use(async (file) => {
        await writeFully(file, bytes, segment.size);
        await file.datasync();
      });
      this.#tailIsSound = true;
      const frame: Frame = { base, count: records.length, timestamp, length: bytes.length };
      segment.index!.add(frame, segment.size);
      segment.firstTimestamp ??= timestamp;
      segment.size += bytes.length;
      this.#next = base + records.length;
      this.#lastTimestamp = timestamp;
      return base;
    } catch (error) {
      if (!this.#tailIsSound) await this.#repair().catch(() => {});
      return explain(error, `Cannot append to ${this.#folder}`);
    }
  }

  /** Cuts off what a failed append may have left. */
  async #repair(): Promise<void> {
    const segment = this.#segments.at(-1)!;
    const file = await this.#options.disk.open(segment.path, "r+");
    try {
      await file.truncate(segment.size);
      await file.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    const failed = this.#file;
    this.#file = new SharedFile(file);
    this.#tailIsSound = true;
    await failed.close().catch(() => {});
  }

  #isFinished(moreBytes: number, now: number): boolean {
    const { size, firstTimestamp } = this.#segments.at(-1)!;
    if (size === 0) return false;
    const { segmentBytes, segmentAgeMs } = this.#options;
    return size + moreBytes > segmentBytes || now - (firstTimestamp ?? now) >= segmentAgeMs;
  }

  /**
   * Begins a new segment. An attempt that fails may leave its file; then nothing is appended until an attempt succeeds, so that the
   * file's name stays true.
   */
  async #roll(): Promise<void> {
    this.#mustRoll = true;
    const path = segmentPath(this.#folder, this.#next);
    const file = await this.#options.disk.open(path, "w+");
    try {
      await syncFolder(this.#options.disk, this.#folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    const finished = this.#file;
    this.#file = new SharedFile(file);
    this.#segments.push({ path, base: this.#next, size: 0, firstTimestamp: undefined, index: new SparseIndex() });
    this.#mustRoll = false;
    await finished.close().catch(() => {});
    await this.dropExpired();
  }

  async #readFrom(
    file: FileHandle,
    segment: Segment,
    index: SparseIndex,
    offset: number,
    limits: ReadLimits,
  ): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    let bytes = 0;
    const take = (record: LogRecord, size: number): boolean => {
      if (records.length > 0 && bytes + size > limits.maxBytes) return false;
      records.push(record);
      bytes += size;
      return records.length < limits.maxRecords;
    };
    const end = segment.size;
    let more = true;
    const position = await scanFrames(file, index.locate(offset), end, (frame, _position, chunk, at) => {
      more = frame.base + frame.count <= offset || readRecords(chunk, at, frame, this.at, offset, take);
      return more;
    });
    if (more && position < end) throw damaged(segment.path, position, "a record is broken");
    return records;
  }
}

async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}
