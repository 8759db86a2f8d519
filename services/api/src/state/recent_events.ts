import type { CinelakeEvent } from "@cinelake/contracts";
import type { Interaction } from "@cinelake/ranking";

/** An event of the log that says something about taste. */
export interface UserEvent {
  readonly eventId: string;
  readonly userId: number;
  readonly interaction: Interaction;
}

/** What an event says; undefined for an exposure. */
export function userEventOf(event: CinelakeEvent, ts: number): UserEvent | undefined {
  const { event_id: eventId, user_id: userId, movie_id: movieId } = event;
  switch (event.event_type) {
    case "rating":
      return { eventId, userId, interaction: { kind: "rating", movieId, ts, stars: event.rating } };
    case "click": {
      const kind = event.click_type === "not_interested" ? "not_interested" : "click";
      return { eventId, userId, interaction: { kind, movieId, ts } };
    }
    case "view":
      return { eventId, userId, interaction: { kind: "view", movieId, ts } };
    default:
      return undefined;
  }
}

const DAY = 86_400_000;

/** What identifies an event, its id (a UUID) and its UTC day, in as many bytes: hundreds of thousands are kept. */
function identityOf(eventId: string, ts: number): string {
  const day = Math.floor(ts / DAY);
  return Buffer.from(eventId.replaceAll("-", ""), "hex").toString("latin1") + String.fromCharCode(day >> 8, day & 0xff);
}

/**
 * The newest events of users, bounded twice: a user with more than `perUser` loses the oldest looks first, then the oldest opinions;
 * with more than `total` in all, users go who have been quiet longest. An event that came before (same id and UTC day) is dropped,
 * unless it has another content and a later time: then it replaces the first.
 */
export class RecentEvents {
  readonly #users = new Map<number, { revision: number; events: Map<string, Interaction> }>();
  readonly #limits: { readonly perUser: number; readonly total: number };
  #size = 0;
  #revision = 0;

  constructor(limits: { readonly perUser: number; readonly total: number }) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Interactions in the order in which they came; empty for an unknown user. */
  of(userId: number): Interaction[] {
    return [...(this.#users.get(userId)?.events.values() ?? [])];
  }

  /** Changes with each new event of the user; 0 for an unknown user. */
  revision(userId: number): number {
    return this.#users.get(userId)?.revision ?? 0;
  }

  add({ eventId, userId, interaction }: UserEvent): void {
    const user = this.#users.get(userId) ?? { revision: 0, events: new Map<string, Interaction>() };
    const key = identityOf(eventId, interaction.ts);
    const known = user.events.get(key);
    if (known && known.ts >= interaction.ts) return;
    if (known) user.events.delete(key);
    else this.#size++;
    user.events.set(key, interaction);
    user.revision = ++this.#revision;
    this.#users.delete(userId);
    this.#users.set(userId, user);
    if (user.events.size > this.#limits.perUser) this.#dropOne(user.events);
    while (this.#size > this.#limits.total && this.#users.size > 1) this.#dropQuietest();
  }

  #dropOne(events: Map<string, Interaction>): void {
    const looks = [...events].find(([, { kind }]) => kind === "view" || kind === "click");
    const oldest = looks ?? [...events][0]!;
    events.delete(oldest[0]);
    this.#size--;
  }

  #dropQuietest(): void {
    for (const [userId, { events }] of this.#users) {
      this.#users.delete(userId);
      this.#size -= events.size;
      return;
    }
  }
}
