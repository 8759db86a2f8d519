/** Remembers the last `capacity` identities it was shown. */
export class RecentIds {
  readonly #seen = new Set<string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True the first time, false for one that is remembered. */
  add(identity: string): boolean {
    const known = this.#seen.delete(identity);
    this.#seen.add(identity);
    if (this.#seen.size > this.#capacity) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return !known;
  }
}
