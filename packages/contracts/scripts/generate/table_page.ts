import { tablePath, type ColumnSpec, type TableSpec } from "../../src/table_spec.ts";
import { duckdbType } from "../../src/table_types.ts";
import { GENERATED, markdownTable } from "./text.ts";

const LAYERS = { bronze: "Bronze", silver: "Silver", gold: "Gold" } as const;

/** docs/tables.md. */
export function tablePage(tables: readonly TableSpec[]): string {
  const sections = (["bronze", "silver", "gold"] as const).flatMap((layer) => {
    const ofLayer = tables.filter((table) => table.layer === layer);
    return [`## ${LAYERS[layer]}`, LAYER_TEXTS[layer], ...ofLayer.map(section)];
  });
  return `${[HEAD, overview(tables), TYPES, RULES, ...sections].join("\n\n")}\n`;
}

function overview(tables: readonly TableSpec[]): string {
  return markdownTable(
    ["Table", "A row is identified by", "Partition", "What is in it"],
    tables.map((table) => [
      `[${table.name}](#${table.name})`,
      table.primary_key.map((name) => `\`${name}\``).join(", "),
      partitionText(table),
      table.description,
    ]),
  );
}

function partitionText({ partition_columns: columns, granularity }: TableSpec): string {
  return columns.length === 0 ? "none" : `\`${columns.join("`, `")}\`, one per ${granularity}`;
}

function section(table: TableSpec): string {
  const { file, topic, table: from, left_join: join } = table.source ?? {};
  const origin = [
    file && `Made from \`${file}\`.`,
    topic && `Made from topic \`${topic}\`.`,
    from && `Made from \`${from}\`${join ? `, joined with \`${join.table}\` on \`${join.on}\`` : ""}.`,
    table.dedupe &&
      `Of rows with an equal (${table.dedupe.key.join(", ")}) the first by ${table.dedupe.order.join(", ")} stays.`,
    table.max_failed_fraction && `More than ${table.max_failed_fraction * 100} % failed rows fail the job.`,
  ];
  return [
    `### ${table.name}`,
    [table.description, ...origin.filter(Boolean), `Folder \`${tablePath(table)}\`.`].join(" "),
    markdownTable(["Column", "Type", "Null", "Rules", "Meaning"], table.columns.map(columnRow)),
  ].join("\n\n");
}

function columnRow(column: ColumnSpec): string[] {
  const { name, type, nullable, description } = column;
  return [`\`${name}\``, type, nullable ? "yes" : "no", rules(column), description];
}

function rules({ min, max, min_length, max_length, references }: ColumnSpec): string {
  const most = max === Number.MAX_SAFE_INTEGER ? "2^53 - 1" : max;
  return [
    min !== undefined && (most === undefined ? `from ${min}` : `${min} .. ${most}`),
    max_length !== undefined && `${min_length ? `${min_length} .. ` : "up to "}${max_length} characters`,
    references && `in \`${references}\``,
  ]
    .filter(Boolean)
    .join("; ");
}

const HEAD = `<!-- ${GENERATED} -->
# Tables

Every table is a Delta table in \`lakehouse/<layer>/<table_name>/\`: Parquet files under a \`_delta_log\`, readable by any engine that knows Delta Lake. In DuckDB:

\`\`\`sql
INSTALL delta; LOAD delta;
SELECT title, count(*) AS ratings
FROM delta_scan('.data/lakehouse/silver/silver_ratings') JOIN delta_scan('.data/lakehouse/silver/silver_movies') USING (movie_id)
GROUP BY title ORDER BY ratings DESC LIMIT 10;
\`\`\`

The specifications lie in \`schemas/lakehouse/\`; schemas, TypeScript types, checks and this page are made from them.`;

const TYPES = `## Types

${markdownTable(
  ["Type", "DuckDB", "TypeScript row", "What it holds"],
  (
    [
      ["string", "string", "UTF-8 text"],
      ["long", "number", "whole number of 64 bits; ids stay within 2^53 - 1"],
      ["integer", "number", "whole number of 32 bits"],
      ["float", "number", "32-bit floating point"],
      ["double", "number", "64-bit floating point"],
      ["boolean", "boolean", "true or false"],
      ["date", "string", "`YYYY-MM-DD`"],
      ["timestamp", "string or Date", "an instant in microseconds, UTC"],
      ["array<float>", "array", "a list without nulls; of other types likewise"],
    ] as const
  ).map(([type, row, meaning]) => [`\`${type}\``, `\`${duckdbType({ type })}\``, row, meaning]),
)}

Partition columns are dates and the last column of their table. \`one per month\` means that the date is the first of the month: twenty-five years of ratings would
otherwise be nine thousand tiny partitions. The instant itself stays in the table's \`_ts\` column.`;

const RULES = `## Quality

Each run measures its tables and writes the result of every rule to \`gold_data_quality\`.

${markdownTable(
  ["Rule", "What it asks"],
  [
    ["completeness", "Columns that are not nullable hold a value."],
    ["validity", "Values have their type and keep to the rules of their column."],
    ["uniqueness", "No two rows of Silver share the key."],
    ["consistency", "Films and users that a row names exist."],
    ["freshness", "Bronze is less than 5 minutes behind, Silver less than 1 hour, Gold is made daily."],
  ],
)}

- A row of the batch job that is incomplete or invalid goes to \`silver_rejects\` with the reason; an invalid event goes to the dead-letter topic (see [events](events.md)).
- A missing film or user is no failure: it gets a placeholder row with \`is_placeholder\`. Placeholders are merged by key, and the catalogue beats them.
- Of duplicates the most recent stays. They are no failure either.
- If more than the stated part of a table's rows fails, the batch job fails with \`quality_gate_failed\` and leaves the tables as they were. The stream raises an alert and goes on.`;

const LAYER_TEXTS = {
  bronze: "What arrived, as it arrived, valid or not. Only appended to.",
  silver: "Typed, validated, deduplicated.",
  gold: "Made from Silver for serving and for people.",
} as const;
