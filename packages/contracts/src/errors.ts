export interface ErrorSpec {
  /** HTTP status of the API's answer. */
  readonly status: number;
  /** Short name. */
  readonly title: string;
  /** What a person can do about it, in Markdown. */
  readonly advice: string;
}

/** Every error that a user can meet has a stable code, listed once here; docs/errors.md is made from it. Codes are never reused. */
export const ERROR_CODES = {
  invalid_argument: { status: 400, title: "Invalid argument", advice: "Correct the argument that the message names." },
  invalid_event: {
    status: 400,
    title: "Invalid event",
    advice: "Correct the field that the message names; docs/events.md has the rules.",
  },
  invalid_json: { status: 400, title: "Body is not valid JSON", advice: "Send well-formed JSON in UTF-8." },
  unsupported_media_type: {
    status: 415,
    title: "Content type is not supported",
    advice: "Send the body with `content-type: application/json`.",
  },
  payload_too_large: { status: 413, title: "Body is too large", advice: "Send fewer or smaller items per request." },
  not_found: { status: 404, title: "Not found", advice: "Check the path and the identifiers in it." },
  method_not_allowed: {
    status: 405,
    title: "Method not allowed",
    advice: "Use one of the methods in the answer's `allow` header.",
  },
  not_ready: {
    status: 503,
    title: "Service is not ready",
    advice: "Wait until `GET /ready` answers 200, then repeat.",
  },
  overloaded: {
    status: 503,
    title: "Too many requests at once",
    advice: "Repeat after the time in the answer's `retry-after` header.",
  },
  log_unavailable: {
    status: 503,
    title: "Event log is not available",
    advice: "Repeat with the same `event_id`s; if it goes on, check that the event log runs and has space.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    advice: "Repeat once; if it fails again, look for the request's id in the service's log and report it.",
  },
  config_invalid: {
    status: 500,
    title: "Configuration is not valid",
    advice: "Correct every variable that the message lists; docs/configuration.md has them all.",
  },
  data_dir_in_use: {
    status: 409,
    title: "Data directory has another owner",
    advice: "Stop the process that the message names, or choose another folder with DATA_DIR.",
  },
  object_exists: {
    status: 409,
    title: "Object exists already",
    advice: "Nothing, if it is the object you meant; else choose another name.",
  },
  object_not_found: {
    status: 404,
    title: "Object does not exist",
    advice: "Check the key; if a table names the object, restore it from a backup.",
  },
  object_store_unsupported: {
    status: 500,
    title: "Store lacks what the lake needs",
    advice:
      "Put the lake on a local file system with hard links, such as ext4, xfs, APFS or NTFS, or on an S3-compatible store that honours `If-None-Match` on PutObject.",
  },
  object_store_unavailable: {
    status: 503,
    title: "Object store does not answer or refuses access",
    advice: "See that the store which the message names runs, can be reached and accepts the credentials; then repeat.",
  },
  object_store_read_only: {
    status: 403,
    title: "Object store was opened for reading only",
    advice: "Open the store without `readOnly` to write to it.",
  },
  log_corrupt: {
    status: 500,
    title: "Event log is damaged",
    advice: "Keep a copy of the log's folder and restore it from a backup; tables are not affected.",
  },
  log_offset_out_of_range: {
    status: 409,
    title: "Offset is outside the log",
    advice: "Read from the first kept offset or the next one, which the message names.",
  },
  topic_unknown: {
    status: 404,
    title: "Topic does not exist",
    advice: "Start `./cinelake serve` or the API once, which make the topics, or correct the name.",
  },
  metadata_newer: {
    status: 500,
    title: "Metadata was written by a newer version",
    advice: "Run the version that wrote the database, or a newer one.",
  },
  metadata_conflict: {
    status: 409,
    title: "Row was changed by somebody else",
    advice: "Read the row again and repeat the change.",
  },
  metadata_unavailable: {
    status: 503,
    title: "Metadata database does not answer",
    advice: "Repeat; if it goes on, see that the database which the message names runs and can be reached.",
  },
  delta_table_not_found: {
    status: 404,
    title: "Table does not exist",
    advice: "Check the table's name; if no data have been loaded yet, run `cinelake bootstrap` and `cinelake etl`.",
  },
  delta_table_exists: {
    status: 409,
    title: "Table exists already",
    advice: "Open the table instead of creating it, or choose another name.",
  },
  delta_version_not_found: {
    status: 404,
    title: "Table version does not exist",
    advice: "Choose a version that `cinelake table history` lists.",
  },
  delta_unsupported: {
    status: 501,
    title: "Table uses a feature that is not supported",
    advice: "Remove the feature that the message names from the table, or read the table with an engine that has it.",
  },
  delta_corrupt: {
    status: 500,
    title: "Table log is damaged",
    advice: "Keep a copy of the table's folder and restore the file that the message names from a backup.",
  },
  delta_schema_mismatch: {
    status: 400,
    title: "Rows do not fit the table's schema",
    advice: "Make the rows fit the columns that the message names.",
  },
  delta_conflict: {
    status: 409,
    title: "Table was changed by another writer",
    advice: "Repeat the work from the table's current version.",
  },
  delta_txn_conflict: {
    status: 409,
    title: "Another writer has advanced this application",
    advice: "See that only one consumer runs per group; this one starts again from the table's position.",
  },
  download_failed: {
    status: 502,
    title: "Download failed",
    advice: "Repeat: a download goes on where it stopped. Or give a local archive with `--source`.",
  },
  network_unavailable: {
    status: 503,
    title: "No network",
    advice: "Connect to the network, give a local archive with `--source`, or take `--dataset synthetic`.",
  },
  checksum_mismatch: {
    status: 422,
    title: "Checksum does not match",
    advice: "Delete the file that the message names and load it again.",
  },
  archive_invalid: {
    status: 422,
    title: "Archive cannot be read",
    advice: "Check that the file is a complete zip archive of a data set, and load it again.",
  },
  dataset_invalid: {
    status: 422,
    title: "Data set is not complete",
    advice: "Load the data set again with `cinelake bootstrap --force`.",
  },
  dataset_missing: { status: 404, title: "No data set in the lake", advice: "Load one with `cinelake bootstrap`." },
  disk_full: {
    status: 507,
    title: "No space left",
    advice: "Free the space that the message names, or move DATA_DIR; then repeat, nothing is half-written.",
  },
  quality_gate_failed: {
    status: 422,
    title: "Too many rows failed their checks",
    advice:
      "Read `silver_rejects` and `gold_data_quality` for the reasons, correct the source, and repeat; tables are as they were.",
  },
  table_ahead_of_log: {
    status: 409,
    title: "Table has read further than the log reaches",
    advice:
      "Point `LOG_URL` at the log that belongs to these tables, or restore it. If the log was made anew on purpose, run `cinelake events replay --from earliest`: the tables keep their rows and take the new log's records.",
  },
  model_missing: { status: 404, title: "No model has been trained", advice: "Train one with `cinelake train`." },
  aborted: { status: 499, title: "Stopped on request", advice: "Nothing; repeat when you want to." },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that is meant for a person: `message` says what, where and what to do; `details` is machine-readable. */
export class CinelakeError extends Error {
  override readonly name = "CinelakeError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Finds a CinelakeError (optionally of one of `codes`) in an error or its causes; total on anything thrown. */
export function findError(thrown: unknown, ...codes: ErrorCode[]): CinelakeError | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 10; error = error.cause, depth++) {
    if (error instanceof CinelakeError && (codes.length === 0 || codes.includes(error.code))) return error;
  }
  return undefined;
}
