import { CinelakeError } from "@cinelake/contracts";

/** Group and topic names as Kafka takes them, but none that starts with a dot. */
export function checkName(what: "topic" | "group", name: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,198}$/.test(name)) return;
  throw new CinelakeError(
    "invalid_argument",
    `${JSON.stringify(name.slice(0, 250))} is no name for a ${what}: use up to 199 letters, digits, ".", "_" and "-", not "." first`,
  );
}

export function checkPartitions(topic: string, partitions: number): void {
  if (Number.isInteger(partitions) && partitions >= 1 && partitions <= 1000) return;
  throw new CinelakeError("invalid_argument", `Topic ${topic} cannot have ${partitions} partitions: give 1 to 1000`);
}
