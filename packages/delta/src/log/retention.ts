const UNITS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

export const DAY = UNITS.day!;
const WEEK = UNITS.week!;

/** Milliseconds of an interval such as `interval 1 week` or `2 days 12 hours`; undefined for one that is absent or of another form. */
export function intervalMillis(interval: string | undefined): number | undefined {
  const text = (interval ?? "").trim().replace(/^interval\s+/i, "");
  const parts = Array.from(text.matchAll(/(\d+)\s+(millisecond|second|minute|hour|day|week)s?(?:\s+|$)/gi));
  if (text === "" || parts.map(([part]) => part).join("") !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!.toLowerCase()]!, 0);
}

/** How long a table keeps what was removed (`delta.deletedFileRetentionDuration`), milliseconds; a week where it does not say so. */
export function removedFileRetention(configuration: Readonly<Record<string, string>>): number {
  return intervalMillis(configuration["delta.deletedFileRetentionDuration"]) ?? WEEK;
}

/** How long a table keeps its log (`delta.logRetentionDuration`), milliseconds; 30 days where it does not say so. */
export function logRetention(configuration: Readonly<Record<string, string>>): number {
  return intervalMillis(configuration["delta.logRetentionDuration"]) ?? 30 * DAY;
}
