/** A file of the log that is damaged or gone and that other files may stand in for; `cause` is what a person is told if none does. */
export class UnusableFile extends Error {
  override readonly name = "UnusableFile";
  /** As `planSegment` knows it. */
  readonly key: string;

  constructor(key: string, cause: unknown) {
    super(`${key} cannot be used`, { cause });
    this.key = key;
  }
}
