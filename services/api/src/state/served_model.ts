import type { ServingSnapshot } from "@cinelake/als";
import {
  filmIndex,
  filmSpaceOf,
  historyOf,
  neighboursOf,
  type FilmSpace,
  type Interaction,
  type Neighbour,
} from "@cinelake/ranking";
import { Lru } from "./lru.ts";

/** A model ready to answer: what the snapshot holds and what is derived from it once. Never changes. */
export interface ServedModel {
  readonly version: string;
  /** When it was promoted, milliseconds since the epoch. */
  readonly promotedAt: number;
  readonly space: FilmSpace;
  readonly nextOffsets: Readonly<Record<string, number>>;
  /** Users that the model was trained on, rising. */
  readonly userIds: Float64Array;
  /** Ratings that the model was trained on; empty for a user it does not know. */
  history(userId: number): Interaction[];
  /** The `NEIGHBOURS` closest films of one (by row), closest first; kept for films asked for lately. */
  neighbours(index: number): readonly Neighbour[];
}

const NEIGHBOURS = 500;
const NEIGHBOURS_KEPT = 2000;

export function serveSnapshot(snapshot: ServingSnapshot, promotedAt: number): ServedModel {
  const space = filmSpaceOf(snapshot);
  const kept = new Lru<number, readonly Neighbour[]>(NEIGHBOURS_KEPT);
  return {
    version: snapshot.modelVersion,
    promotedAt,
    space,
    nextOffsets: snapshot.nextOffsets,
    userIds: snapshot.userIds,
    history(userId) {
      const row = filmIndex(snapshot.userIds, userId);
      return row < 0 ? [] : historyOf(snapshot, row);
    },
    neighbours(index) {
      const known = kept.get(index);
      if (known) return known;
      const found = neighboursOf(space, index, NEIGHBOURS);
      kept.set(index, found);
      return found;
    },
  };
}
