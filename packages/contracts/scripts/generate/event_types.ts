import type { EventType } from "../../src/topics.ts";
import type { EventSchema, FieldSchema } from "./read_events.ts";
import { GENERATED } from "./text.ts";

/** src/generated/events.ts: an interface per event, their union, and the JSON Schemas as constants. */
export function eventTypes(schemas: Readonly<Record<EventType, EventSchema>>): string {
  const all = Object.values(schemas);
  return [
    `// ${GENERATED}`,
    ...all.map(interfaceText),
    `export type CinelakeEvent = ${all.map(({ title }) => title).join(" | ")};\n`,
    "/** JSON Schema (draft 7) of every event, by its type. */",
    `export const EVENT_SCHEMAS = ${JSON.stringify(schemas, null, 2)} as const;\n`,
  ].join("\n");
}

function interfaceText({ title, description, properties, required }: EventSchema): string {
  const fields = Object.entries(properties).map(
    ([name, field]) =>
      `  /** ${field.description} */\n  readonly ${name}${required.includes(name) ? "" : "?"}: ${typeOf(field)};`,
  );
  return `/** ${description} Fields that are not listed may be there too. */\nexport interface ${title} {\n${fields.join("\n")}\n}\n`;
}

function typeOf(field: FieldSchema): string {
  if (field.const !== undefined) return JSON.stringify(field.const);
  return [field.type]
    .flat()
    .map((type) => (type === "integer" ? "number" : type))
    .join(" | ");
}
