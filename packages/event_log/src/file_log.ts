import * as fs from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CinelakeError } from "@cinelake/contracts";
import {
  errorCode,
  explain,
  makeFolder,
  numbersIn,
  readJson,
  removeTemporaries,
  replaceFile,
  type Disk,
} from "./disk.ts";
import type { EventLog, Offsets } from "./event_log.ts";
import { openFilePartition, type FilePartitionOptions } from "./file_partition.ts";
import { LocalLog, type Storage } from "./local_log.ts";
import type { Partition } from "./partition.ts";
import type { Recovered } from "./recovery.ts";
import { retentionOf, type RetentionRules } from "./retention.ts";
import { Signal } from "./signal.ts";

export interface FileLogOptions {
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly now?: () => number;
  /** What to keep; everything by default. */
  readonly retention?: RetentionRules;
  /** Size at which a segment file is finished; 32 MiB by default. */
  readonly segmentBytes?: number;
  /** Age at which a segment file is finished; a day by default. */
  readonly segmentAgeMs?: number;
  /** Told what a crash had left unfinished at a segment's end when it has been cut off. None of it was acknowledged. */
  readonly onCut?: (cut: NonNullable<Recovered["cut"]>) => void;
  readonly disk?: Disk;
}

const TOPICS_FILE = "topics.json";
const GROUPS_FOLDER = ".groups";

/**
 * A log in files below `root`, made if missing: `topics.json`, `<topic>/<partition>/<first offset>.log`, `.groups/<group>.json`.
 * One process at a time may have it open; whoever opens it sees to that.
 */
export async function openFileLog(root: string, options: FileLogOptions = {}): Promise<EventLog> {
  const changed = new Signal();
  const storage = new FileStorage(resolve(root), options, changed);
  try {
    await storage.open();
  } catch (error) {
    await storage.close();
    if (
      !(error instanceof CinelakeError) &&
      ["EACCES", "EROFS", "ENOTDIR", "EEXIST"].includes(errorCode(error) ?? "")
    ) {
      throw new CinelakeError("config_invalid", `The event log's folder ${root} cannot be used: ${String(error)}`, {
        cause: error,
      });
    }
    return explain(error, `Cannot open the event log in ${root}`);
  }
  return new LocalLog(storage, changed);
}

class FileStorage implements Storage {
  readonly url: string;
  readonly topics = new Map<string, readonly Partition[]>();
  readonly #root: string;
  readonly #disk: Disk;
  readonly #options: Omit<FilePartitionOptions, "retention">;
  readonly #retention: RetentionRules | undefined;
  readonly #committed = new Map<string, Offsets>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(root: string, options: FileLogOptions, changed: Signal) {
    this.url = pathToFileURL(root).href;
    this.#root = root;
    this.#disk = options.disk ?? fs;
    this.#retention = options.retention;
    this.#options = {
      disk: this.#disk,
      now: options.now ?? Date.now,
      segmentBytes: options.segmentBytes ?? 32 << 20,
      segmentAgeMs: options.segmentAgeMs ?? 86_400_000,
      onGrowth: () => changed.notify(),
      onCut: options.onCut ?? (() => {}),
    };
  }

  async open(): Promise<void> {
    await makeFolder(this.#disk, join(this.#root, GROUPS_FOLDER));
    for (const folder of [this.#root, join(this.#root, GROUPS_FOLDER)]) await removeTemporaries(this.#disk, folder);
    const path = join(this.#root, TOPICS_FILE);
    const json = await readJson(this.#disk, path);
    if (json === undefined) {
      const folders = (await this.#disk.readdir(this.#root)).filter((name) => name !== GROUPS_FOLDER);
      if (folders.length > 0) {
        throw new CinelakeError(
          "log_corrupt",
          `${path} is missing beside ${folders.join(", ")}. Restore it from a backup`,
        );
      }
      await this.#writeTopics(new Map());
    } else {
      for (const [topic, partitions] of numbersIn(json, "topics", path)) await this.#openTopic(topic, partitions);
    }
  }

  createTopics(topics: readonly { name: string; partitions: number }[]): Promise<void> {
    return this.#oneAtATime(async () => {
      const counts = new Map(Array.from(this.topics, ([topic, partitions]) => [topic, partitions.length]));
      const missing = topics.filter(({ name }) => !this.topics.has(name));
      if (missing.length === 0) return;
      for (const { name, partitions } of missing) counts.set(name, partitions);
      try {
        await this.#writeTopics(counts);
        for (const [topic, partitions] of counts) if (!this.topics.has(topic)) await this.#openTopic(topic, partitions);
      } catch (error) {
        explain(error, `Cannot create topics in ${this.#root}`);
      }
    });
  }

  async committed(group: string): Promise<Offsets> {
    const known = this.#committed.get(group);
    if (known) return known;
    const path = this.#groupPath(group);
    const json = await readJson(this.#disk, path);
    const read: Offsets = json === undefined ? new Map() : numbersIn(json, "offsets", path);
    const committed = this.#committed.get(group) ?? read;
    this.#committed.set(group, committed);
    return committed;
  }

  commit(group: string, offsets: Offsets): Promise<void> {
    return this.#oneAtATime(async () => {
      const all = new Map([...(await this.committed(group)), ...offsets]);
      try {
        await replaceFile(this.#disk, this.#groupPath(group), toJson("offsets", all));
      } catch (error) {
        explain(error, `Cannot commit offsets of group ${group}`);
      }
      this.#committed.set(group, all);
    });
  }

  async close(): Promise<void> {
    await this.#changing;
    await Promise.all([...this.topics.values()].flat().map((partition) => partition.close()));
  }

  async #openTopic(topic: string, partitions: number): Promise<void> {
    const retention = retentionOf(topic, this.#retention);
    const opened = await Promise.allSettled(
      Array.from({ length: partitions }, (_, partition) =>
        openFilePartition(
          join(this.#root, topic, String(partition)),
          { topic, partition },
          { ...this.#options, retention },
        ),
      ),
    );
    const failed = opened.find((result) => result.status === "rejected");
    const whole = opened.filter((result) => result.status === "fulfilled").map((result) => result.value);
    if (failed) {
      await Promise.all(whole.map((partition) => partition.close()));
      throw failed.reason;
    }
    this.topics.set(topic, whole);
  }

  async #writeTopics(counts: ReadonlyMap<string, number>): Promise<void> {
    await replaceFile(this.#disk, join(this.#root, TOPICS_FILE), toJson("topics", counts));
  }

  #groupPath(group: string): string {
    return join(this.#root, GROUPS_FOLDER, `${group}.json`);
  }

  #oneAtATime(work: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(work);
    this.#changing = turn.catch(() => {});
    return turn;
  }
}

function toJson(field: string, numbers: ReadonlyMap<string, number>): string {
  return `${JSON.stringify({ version: 1, [field]: Object.fromEntries(numbers) }, undefined, 2)}\n`;
}
