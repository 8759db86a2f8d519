/** How much of a partition is kept; what is left out is no limit. Whole segments go, oldest first, never the one being written. */
export interface Retention {
  /** At least this many of the newest bytes stay. */
  readonly bytes?: number;
  /** Records younger than this, in milliseconds, stay. */
  readonly ageMs?: number;
}

/** Retention by topic over a general one. */
export interface RetentionRules extends Retention {
  readonly topics?: Readonly<Record<string, Retention>>;
}

export function retentionOf(topic: string, rules: RetentionRules | undefined): Retention {
  return rules?.topics?.[topic] ?? rules ?? {};
}

/** How many of the oldest segments to drop at `now`. A segment's last record is no younger than the first of the next. */
export function expiredSegments(
  segments: readonly { readonly size: number; readonly firstTimestamp: number | undefined }[],
  { bytes = Infinity, ageMs = Infinity }: Retention,
  now: number,
): number {
  let kept = segments.reduce((sum, segment) => sum + segment.size, 0);
  let dropped = 0;
  while (dropped < segments.length - 1) {
    kept -= segments[dropped]!.size;
    const nextBegan = segments[dropped + 1]!.firstTimestamp;
    if (kept < bytes && (nextBegan === undefined || nextBegan > now - ageMs)) break;
    dropped++;
  }
  return dropped;
}
