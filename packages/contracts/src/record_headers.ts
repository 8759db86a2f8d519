/** Header of a record, column value within Bronze's `headers` and field of log lines: the request (or command) that caused an event. */
export const CORRELATION_HEADER = "correlation_id";

/** Header of a record whose request is traced: W3C `traceparent` of the span that appended it. */
export const TRACEPARENT_HEADER = "traceparent";
