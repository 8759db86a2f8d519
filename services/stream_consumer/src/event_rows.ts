import {
  canonicalEventTs,
  partitionDate,
  utcDay,
  type CinelakeEvent,
  type ColumnSpec,
  type TableSpec,
} from "@cinelake/contracts";
import type { Row } from "@cinelake/delta";
import type { LogRecord } from "@cinelake/event_log";
import type { Decoded } from "./decode.ts";

/** A row of a silver_events table; its own columns beside these. Texts and numbers are as the table gives them back. */
export interface EventRow extends Row {
  readonly event_id: string;
  readonly event_ts: string;
  readonly event_date: string;
  readonly user_id: number;
  readonly movie_id: number;
  readonly log_partition: number;
  readonly log_offset: number;
}

/** Columns that say where and when an event came in, not what happened. */
export const ARRIVAL_COLUMNS = ["log_partition", "log_offset", "ingestion_ts"] as const;

/** What identifies an event: its id and its UTC day. */
export function identityOf(row: Pick<EventRow, "event_id" | "event_date">): string {
  return `${row.event_date}/${row.event_id}`;
}

/** The record as received, valid or not: a row of the topic's Bronze table. */
export function bronzeRow({ record, isText, readAt }: Decoded): Row {
  const { buffer, byteOffset, byteLength } = record.value;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    record_ts: new Date(record.timestamp),
    key: record.key,
    headers: JSON.stringify(record.headers),
    value: isText ? bytes.toString("utf8") : null,
    value_base64: isText ? null : bytes.toString("base64"),
    ingestion_ts: readAt,
    ingestion_date: utcDay(readAt.getTime()),
  };
}

/** The valid event as a row of the topic's Silver table; fields that the table does not know are dropped. */
export function silverRow(
  spec: TableSpec,
  { partition, offset }: LogRecord,
  { event, eventTsMs }: { readonly event: CinelakeEvent; readonly eventTsMs: number },
  readAt: Date,
): EventRow {
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const row: Record<string, unknown> = {};
  for (const column of spec.columns) row[column.name] = typed(column, fields[column.name]);
  row["event_ts"] = canonicalEventTs(event.event_ts) ?? new Date(eventTsMs).toISOString();
  row["event_date"] = partitionDate(spec, eventTsMs);
  row["log_partition"] = partition;
  row["log_offset"] = offset;
  row["ingestion_ts"] = readAt;
  return row as unknown as EventRow;
}

function typed(column: ColumnSpec, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  return column.type === "float" && typeof value === "number" ? Math.fround(value) : value;
}
