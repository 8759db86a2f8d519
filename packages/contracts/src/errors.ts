/**
 * Every error that a user can meet has a stable code, listed once here. `status` is the HTTP status of the API's answer,
 * `title` its short name; docs/errors.md lists the same codes and a test compares both. Codes are never reused.
 */
export const ERROR_CODES = {
  invalid_argument: { status: 400, title: "Invalid argument" },
  invalid_event: { status: 400, title: "Invalid event" },
  invalid_json: { status: 400, title: "Body is not valid JSON" },
  unsupported_media_type: { status: 415, title: "Content type is not supported" },
  payload_too_large: { status: 413, title: "Body is too large" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  not_ready: { status: 503, title: "Service is not ready" },
  overloaded: { status: 503, title: "Too many requests at once" },
  log_unavailable: { status: 503, title: "Event log is not available" },
  internal: { status: 500, title: "Internal error" },
  config_invalid: { status: 500, title: "Configuration is not valid" },
  data_dir_in_use: { status: 409, title: "Data directory has another owner" },
  object_exists: { status: 409, title: "Object exists already" },
  object_not_found: { status: 404, title: "Object does not exist" },
  object_store_unsupported: { status: 500, title: "File system lacks what the lake needs" },
  log_corrupt: { status: 500, title: "Event log is damaged" },
  log_offset_out_of_range: { status: 409, title: "Offset is outside the log" },
  topic_unknown: { status: 404, title: "Topic does not exist" },
  metadata_newer: { status: 500, title: "Metadata was written by a newer version" },
  metadata_conflict: { status: 409, title: "Row was changed by somebody else" },
  delta_table_not_found: { status: 404, title: "Table does not exist" },
  delta_table_exists: { status: 409, title: "Table exists already" },
  delta_version_not_found: { status: 404, title: "Table version does not exist" },
  delta_unsupported: { status: 501, title: "Table uses a feature that is not supported" },
  delta_corrupt: { status: 500, title: "Table log is damaged" },
  delta_schema_mismatch: { status: 400, title: "Rows do not fit the table's schema" },
  delta_conflict: { status: 409, title: "Table was changed by another writer" },
  delta_txn_conflict: { status: 409, title: "Another writer has advanced this application" },
  download_failed: { status: 502, title: "Download failed" },
  network_unavailable: { status: 503, title: "No network" },
  checksum_mismatch: { status: 422, title: "Checksum does not match" },
  archive_invalid: { status: 422, title: "Archive cannot be read" },
  dataset_invalid: { status: 422, title: "Data set is not complete" },
  dataset_missing: { status: 404, title: "No data set in the lake" },
  disk_full: { status: 507, title: "No space left" },
  quality_gate_failed: { status: 422, title: "Too many rows failed their checks" },
  table_ahead_of_log: { status: 409, title: "Table has read further than the log reaches" },
  model_missing: { status: 404, title: "No model has been trained" },
  aborted: { status: 499, title: "Stopped on request" },
} as const satisfies Record<string, { status: number; title: string }>;

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
