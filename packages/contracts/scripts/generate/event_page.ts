import { DEAD_LETTER_TOPIC, DEFAULT_PARTITIONS, TOPICS, tablesOfTopic, type EventType } from "../../src/topics.ts";
import { CORRELATION_HEADER, TRACEPARENT_HEADER } from "../../src/record_headers.ts";
import type { EventSchema, FieldSchema } from "./read_events.ts";
import { GENERATED, markdownTable } from "./text.ts";

/** docs/events.md. */
export function eventPage(schemas: Readonly<Record<EventType, EventSchema>>): string {
  const entries = Object.entries(schemas) as [EventType, EventSchema][];
  return `${[head(entries), ...entries.map(section), RULES].join("\n\n")}\n`;
}

function head(entries: readonly (readonly [EventType, EventSchema])[]): string {
  return `<!-- ${GENERATED} -->
# Events

An event says that a user did something with a film. It is a JSON object in UTF-8, sent to \`POST /events\` (one, or an array of up to 500) or written to its
topic. A topic has ${DEFAULT_PARTITIONS} partitions unless made with more; the key of a record is the user id as text, so that the events of a user stay in order.
The schemas lie in \`schemas/events/\`.

${markdownTable(
  ["Event", "Topic", "Bronze table", "Silver table"],
  entries.map(([type, { title }]) => {
    const tables = tablesOfTopic(TOPICS[type]);
    return [
      `[${title}](#${title.toLowerCase()})`,
      `\`${TOPICS[type]}\``,
      `\`${tables.bronze}\``,
      `\`${tables.silver}\``,
    ];
  }),
)}

What cannot be used goes to the dead-letter topic \`${DEAD_LETTER_TOPIC}\` with the reason.

\`\`\`sh
curl -X POST http://localhost:8000/events -H 'content-type: application/json' -d '${JSON.stringify(entries[0]?.[1].examples?.[0])}'
\`\`\``;
}

function section([type, schema]: readonly [EventType, EventSchema]): string {
  const { title, description, properties, required, examples = [] } = schema;
  const rows = Object.entries(properties).map(([name, field]) => [
    `\`${name}\``,
    typeText(field),
    required.includes(name) ? "yes" : "no",
    ruleText(field),
    field.description,
  ]);
  return [
    `## ${title}`,
    `${description} Topic \`${TOPICS[type]}\`.`,
    markdownTable(["Field", "Type", "Required", "Rule", "Meaning"], rows),
    ...examples.map((example) => `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``),
  ].join("\n\n");
}

function typeText({ const: constant, type }: FieldSchema): string {
  return constant === undefined ? [type].flat().join(" or ") : "string";
}

function ruleText({ const: constant, format, minimum, maximum, maxLength }: FieldSchema): string {
  if (constant !== undefined) return `\`${constant}\``;
  if (format === "uuid") return "UUID";
  if (format === "date-time") return "RFC 3339 with an offset";
  if (minimum !== undefined) return `${minimum} .. ${maximum === Number.MAX_SAFE_INTEGER ? "2^53 - 1" : maximum}`;
  return maxLength === undefined ? "" : `up to ${maxLength.toLocaleString("en-US")} characters`;
}

const RULES = `## What makes an event valid

- Every required field is there and every field that the schema knows has its type; \`null\` stands for nothing but an exposure's \`model_version\`.
- \`event_ts\` is RFC 3339 with an offset (\`Z\` or \`+01:00\`), a date that the calendar has, from 1995-01-01T00:00:00Z to five minutes after the receiver's clock.
  Leap seconds are refused, as tables cannot hold them; digits beyond microseconds are cut off.
- Ids are whole numbers from 1 to 2^53 - 1. Texts are well-formed Unicode.
- \`event_type\` fits the topic.
- Unknown fields are no mistake: Bronze keeps them, Silver drops them.
- A UUID may be written in any case and is kept in lower case.

A click with \`click_type: not_interested\` says that a film is not wanted: it never counts as trending.

## What happens to what

- **Invalid**: \`POST /events\` answers 400 (or marks the event within an array) and counts it in \`cinelake_events_rejected_total\`; nothing is written. A record
  that came by its topic goes to \`${DEAD_LETTER_TOPIC}\` with the reason, and stays in Bronze as it was.
- **Sent again**: an event is identified by \`event_id\` and the UTC day of \`event_ts\`, so a retry must keep both. An exact repeat is dropped. The same event with
  other content keeps the later \`event_ts\`, then the later offset. The day's partition is looked up without a limit in time.
- **One id, two users**: the same \`event_id\` under another user on that day goes to \`${DEAD_LETTER_TOPIC}\` as \`event_id_conflict\`.
- **Unknown film or user**: the event counts; \`silver_movies\` or \`silver_users\` gets a placeholder row (\`is_placeholder\`), which the catalogue replaces when it knows better.
- **Rated again**: all ratings stay in \`silver_events_ratings\`; of a user and a film the latest \`event_ts\` holds.

## Following one event

The id of a request goes wherever its events go, under the name \`${CORRELATION_HEADER}\`. It is the \`x-request-id\` that the caller sends (up to 64 letters, digits, dots, underscores and
hyphens) or a new one; each answer has it as \`x-request-id\`. \`./cinelake events send\` makes one and prints it.

| Where | How |
| --- | --- |
| A record of a topic, exposures too | The header \`${CORRELATION_HEADER}\`; beside it \`${TRACEPARENT_HEADER}\` (W3C) if the request's trace is sampled. |
| The Bronze table | The column \`headers\`, JSON. |
| A dead letter | Its \`headers\`; a redrive puts them back. |
| Log lines | The field \`${CORRELATION_HEADER}\`: of the API about the request (failures on our side, those that took a second, those whose trace is sampled, and the share \`LOG_SAMPLE\` of the others), of the stream consumer about a record that cannot be used (ten a flush). |
| Traces, where \`OTEL_EXPORTER_OTLP_ENDPOINT\` is set | The attribute \`${CORRELATION_HEADER}\` of the request's span; the flush that writes its records links to it. |

\`\`\`sh
curl -i -X POST http://localhost:8000/events -H 'x-request-id: checkout-4711' -H 'content-type: application/json' -d @event.json
./cinelake table read ${tablesOfTopic(TOPICS.view).bronze} --where 'headers contains checkout-4711'
./cinelake dlq list --limit 1000 --json
\`\`\`

A row is there once its event was flushed, after 30 seconds at most (\`FLUSH_INTERVAL_MS\`). A second \`--where\`, \`ingestion_date=2026-01-31\`, spares reading the other days. The Silver row has the Bronze row's \`partition\` and \`offset\`
as \`log_partition\` and \`log_offset\`, unless the event was a repeat.

## Dead letters

A record of \`${DEAD_LETTER_TOPIC}\` has the key \`topic/partition/offset\` of the record that could not be used, and one of two JSON objects as its value:

| Field of a letter | Meaning |
| --- | --- |
| \`topic\`, \`partition\`, \`offset\` | Where the record stands. |
| \`key\` | Its own key. |
| \`reason\` | The class of the problem, a colon, and what is wrong: \`invalid_json\`, \`invalid_event\`, \`event_id_conflict\`. |
| \`attempt\` | 1, and one more for each redrive. |
| \`first_seen\` | When the log first took the record. |
| \`headers\`, \`value_base64\` | What it holds, byte by byte. A record too large for a letter has \`null\` here and no \`key\`; its topic and Bronze have it. |

| Field of a mark | Meaning |
| --- | --- |
| \`redriven_as\` | \`topic\`, \`partition\` and \`offset\` at which the letter's record was put back. |
| \`first_seen\` | That of the letter: with the key it names the letter, also where a topic was made anew and offsets began again. |
| \`redriven_at\` | When. |

A crash or a replay may repeat a letter, byte by byte: readers take equal keys of one \`first_seen\` as one. \`./cinelake dlq list\` does, and counts letters by reason.

\`\`\`sh
./cinelake dlq list --reason invalid_event --limit 50
./cinelake dlq redrive events_ratings/1/4711 --dry-run
./cinelake dlq redrive --reason event_id_conflict
\`\`\`

\`dlq redrive\` puts the record back as it was (with the headers \`cinelake_attempt\` and \`cinelake_first_seen\` beside its own) and then writes the mark; a letter with a mark is not
redriven again. Nothing is mended: a record that is still not valid becomes a letter of the next attempt, and one of attempt 5 (\`--max-attempts\`) stays where it is. In Bronze a redriven
record is a second record of its topic. A redrive that dies between record and mark leaves up to 200 letters that the next one puts back again: Silver drops them by their \`event_id\`.
Two redrives at once, from two machines, may do the same.`;
