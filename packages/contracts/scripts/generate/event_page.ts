import type { EventType } from "../../src/topics.ts";
import type { EventSchema } from "./read_events.ts";
import { GENERATED, markdownTable } from "./text.ts";

/** docs/events.md. */
export function eventPage(schemas: Readonly<Record<EventType, EventSchema>>): string {
  const sections = Object.values(schemas).map(({ title, description, properties, required }) =>
    [
      `## ${title}\n`,
      `${description}\n`,
      markdownTable(
        ["Field", "Required", "Meaning"],
        Object.entries(properties).map(([name, { description }]) => [
          `\`${name}\``,
          required.includes(name) ? "yes" : "no",
          description,
        ]),
      ),
      "",
    ].join("\n"),
  );
  return `${["<!-- " + GENERATED + " -->", "# Events\n", ...sections].join("\n").trimEnd()}\n`;
}
