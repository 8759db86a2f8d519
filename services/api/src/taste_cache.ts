import { bestFilms, type Interaction, type Taste } from "@cinelake/ranking";
import { tasteIn } from "./recommender.ts";
import { Lru } from "./state/lru.ts";
import type { ServedModel } from "./state/served_model.ts";
import type { UserState } from "./state/user_state.ts";

/** Somebody as a model sees them. */
export interface KnownUser {
  readonly taste: Taste;
  /** Rows of the best films by taste alone, kept for the next time. */
  best(n: number): Int32Array;
}

/** Folds interactions into a model at `now` (milliseconds since the epoch). */
export function knownUserOf(model: ServedModel, interactions: readonly Interaction[], now: number): KnownUser {
  const taste = tasteIn(model, interactions, now);
  let kept: { n: number; rows: Int32Array } | undefined;
  return {
    taste,
    best(n) {
      if (!kept || kept.n < n) kept = { n, rows: bestFilms(model.space, taste, n) };
      return kept.rows.subarray(0, n);
    },
  };
}

const WARM_UP_USERS = 20;
const WARM_UP_FILMS = 210;

/** Folds some users in, so that the code that requests run is compiled before the first one. */
export function warmUp(model: ServedModel, now: number): void {
  for (const userId of model.userIds.subarray(0, WARM_UP_USERS)) {
    knownUserOf(model, model.history(userId), now).best(WARM_UP_FILMS);
  }
}

const MAX_AGE_MS = 60_000;

/** Folded-in users, kept while neither model nor events change and recency has hardly moved. */
export class TasteCache {
  readonly #kept: Lru<number, { model: ServedModel; revision: string; at: number; user: KnownUser }>;

  constructor(capacity: number) {
    this.#kept = new Lru(capacity);
  }

  get(model: ServedModel, userId: number, users: UserState, now: number): KnownUser {
    const revision = users.revision(userId);
    const known = this.#kept.get(userId);
    const fresh = known && Math.abs(now - known.at) < MAX_AGE_MS;
    if (fresh && known.model === model && known.revision === revision) return known.user;
    const user = knownUserOf(model, [...model.history(userId), ...users.recent(userId)], now);
    this.#kept.set(userId, { model, revision, at: now, user });
    return user;
  }
}
