import { TOPICS, type EventType } from "../../src/topics.ts";

/** The part of JSON Schema that the event schemas use. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly description: string;
}
export interface EventSchema {
  readonly title: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, FieldSchema>>;
  readonly required: readonly string[];
  readonly examples?: readonly unknown[];
}

/** Schemas by event type, in the order of TOPICS; `readText` gives the text of `<type>_event.schema.json`. */
export function readEvents(readText: (type: EventType) => string): Record<EventType, EventSchema> {
  const types = Object.keys(TOPICS) as EventType[];
  return Object.fromEntries(types.map((type) => [type, readEvent(type, readText(type))])) as Record<
    EventType,
    EventSchema
  >;
}

function readEvent(type: EventType, text: string): EventSchema {
  const schema = JSON.parse(text) as EventSchema;
  if (schema.properties.event_type?.const !== type)
    throw new Error(`${type}_event.schema.json: event_type is not "${type}"`);
  for (const name of schema.required) {
    if (!schema.properties[name]) throw new Error(`${type}_event.schema.json: required field ${name} is not described`);
  }
  return schema;
}
