/** A record of the topic; `partition` is any name of its partition. */
interface Place {
  readonly partition: string;
  readonly offset: number;
}

export interface View extends Place {
  /** When it happened, milliseconds since the epoch. */
  readonly eventMs: number;
  readonly movieId: number;
}

/** A type, not an interface: a row of any table is an object of unknown columns. */
export type WindowRow = {
  readonly window_start: Date;
  readonly window_end: Date;
  readonly movie_id: number;
  readonly views: number;
};

/** What must be remembered, in one commit with the rows, to go on after a crash. */
export interface Progress {
  /** Windows that end by then have been written. */
  readonly writtenUntil: number;
  /** Where reading begins again, by partition. */
  readonly offsets: ReadonlyMap<string, number>;
}

export interface WindowOptions {
  readonly sizeMs: number;
  /** How much later than a younger view of its partition one may come and still count. */
  readonly latenessMs: number;
}

interface OpenWindow {
  readonly views: Map<number, number>;
  /** First offset of each partition that the window counts. */
  readonly first: Map<string, number>;
}

/**
 * Counts views by film in tumbling windows of event time. Windows that are still open live in memory only: progress goes back to the
 * first record that they count, so that whoever starts from it counts them again. A window that has been written takes no more views.
 */
export class Windows {
  readonly #options: WindowOptions;
  readonly #open = new Map<number, OpenWindow>();
  readonly #next: Map<string, number>;
  readonly #latest = new Map<string, number>();
  #writtenUntil: number;

  constructor(options: WindowOptions, { writtenUntil, offsets }: Progress) {
    this.#options = options;
    this.#writtenUntil = writtenUntil;
    this.#next = new Map(offsets);
  }

  /** A record that is no view is passed over by `skip`. */
  add({ partition, offset, eventMs, movieId }: View): void {
    this.skip({ partition, offset });
    this.#latest.set(partition, Math.max(eventMs, this.#latest.get(partition) ?? -Infinity));
    const start = Math.floor(eventMs / this.#options.sizeMs) * this.#options.sizeMs;
    if (start + this.#options.sizeMs <= this.#writtenUntil) return; // too late, or counted before the last start
    const window = this.#open.get(start) ?? { views: new Map(), first: new Map() };
    this.#open.set(start, window);
    window.views.set(movieId, (window.views.get(movieId) ?? 0) + 1);
    if (!window.first.has(partition)) window.first.set(partition, offset);
  }

  skip({ partition, offset }: Place): void {
    this.#next.set(partition, offset + 1);
  }

  /**
   * Takes the windows that end by the watermark: no view of them is to come. It follows the slowest of the partitions that have more to
   * read, each by its youngest view, so that reading one ahead of the others loses nothing; `ends` has their next offsets to be written. One
   * that has been read to its end holds nobody back.
   */
  takeClosed(ends: ReadonlyMap<string, number>): { rows: WindowRow[]; progress: Progress } {
    const { sizeMs, latenessMs } = this.#options;
    const isBehind = (partition: string): boolean => (this.#next.get(partition) ?? 0) < (ends.get(partition) ?? 0);
    const behind = [...ends.keys()].filter(isBehind).map((partition) => this.#latest.get(partition) ?? -Infinity);
    const time = behind.length > 0 ? Math.min(...behind) : Math.max(-Infinity, ...this.#latest.values());
    const closed = [...this.#open].filter(([start]) => start + sizeMs <= time - latenessMs).sort(([a], [b]) => a - b);
    for (const [start] of closed) this.#open.delete(start);
    this.#writtenUntil = Math.max(this.#writtenUntil, ...closed.map(([start]) => start + sizeMs));
    const rows = closed.flatMap(([start, { views }]) =>
      [...views].map(([movie_id, count]) => ({
        window_start: new Date(start),
        window_end: new Date(start + sizeMs),
        movie_id,
        views: count,
      })),
    );
    return { rows, progress: { writtenUntil: this.#writtenUntil, offsets: this.#replayFrom() } };
  }

  #replayFrom(): Map<string, number> {
    const offsets = new Map(this.#next);
    for (const { first } of this.#open.values()) {
      for (const [partition, offset] of first) offsets.set(partition, Math.min(offset, offsets.get(partition)!));
    }
    return offsets;
  }
}
