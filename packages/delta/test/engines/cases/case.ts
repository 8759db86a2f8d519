import type { CreateOptions, DeltaTable } from "@cinelake/delta";

/** Makes the table of a case, where its test wants it. */
export type Create = (options: CreateOptions) => Promise<DeltaTable>;

/** A table that is written here and read elsewhere. */
export interface Case {
  readonly name: string;
  make(create: Create): Promise<DeltaTable>;
  /** Why an engine is left out, by its name: what it cannot represent at all. */
  readonly without?: Readonly<Record<string, string>>;
}
