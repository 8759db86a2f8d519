import { assignPartitions } from "./assignment.ts";
import { partitionKey, type TopicPartition } from "./event_log.ts";

/** What a group asks of its members. */
export interface Member extends AsyncDisposable {
  readonly topics: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
  /** Settles the work on these partitions and gives them up. Does not fail. */
  revoke(keys: ReadonlySet<string>): Promise<void>;
  /** Takes these partitions. Does not fail. */
  assign(partitions: readonly TopicPartition[]): Promise<void>;
}

/** A consumer group: shares the partitions of `topics` among its members anew whenever one joins or leaves. */
export class Group {
  readonly #partitionsOf: (topic: string) => readonly TopicPartition[];
  #members: Member[] = [];
  #work: Promise<void> = Promise.resolve();

  constructor(partitionsOf: (topic: string) => readonly TopicPartition[]) {
    this.#partitionsOf = partitionsOf;
  }

  /** The member is given its share later, once the others have let go of theirs. */
  join(member: Member): void {
    void this.#next(async () => {
      this.#members.push(member);
      await this.#rebalance();
    });
  }

  /** Resolves when the member has settled its work; the others are given its partitions later. */
  async leave(member: Member): Promise<void> {
    await this.#next(async () => {
      await member.revoke(member.held);
      this.#members = this.#members.filter((other) => other !== member);
    });
    void this.#next(() => this.#rebalance());
  }

  /** Makes all members leave. */
  async close(): Promise<void> {
    await this.#work;
    await Promise.all(this.#members.map((member) => member[Symbol.asyncDispose]()));
    await this.#work;
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(step);
    return this.#work;
  }

  async #rebalance(): Promise<void> {
    const members = this.#members;
    const topics = new Set(members.flatMap((member) => [...member.topics]));
    const target = assignPartitions(members, [...topics].flatMap(this.#partitionsOf));
    await Promise.all(
      members.map((member, index) => {
        const kept = new Set(target[index]!.map(partitionKey));
        return member.revoke(new Set([...member.held].filter((key) => !kept.has(key))));
      }),
    );
    await Promise.all(
      members.map((member, index) => member.assign(target[index]!.filter((at) => !member.held.has(partitionKey(at))))),
    );
  }
}
