import type { Migration } from "kysely/migration";
import { initial } from "./0001_initial.ts";

/** Every migration by name, in the order of their numbers. A released one is never edited: the next change is a new file. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  "0001_initial": initial,
};
