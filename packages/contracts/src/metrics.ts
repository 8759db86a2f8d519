/** What Prometheus sees, once. Names carry their unit; counters end in `_total`. docs/metrics.md lists the same. */
export interface MetricSpec {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** Histograms: upper bounds. */
  readonly buckets?: readonly number[];
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5] as const;
const WORK_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600] as const;

export const METRICS = {
  cinelake_http_request_duration_seconds: {
    type: "histogram",
    help: "Time to answer a request, by route pattern and status.",
    labels: ["method", "route", "status"],
    buckets: REQUEST_SECONDS,
  },
  cinelake_http_requests_in_flight: { type: "gauge", help: "Requests being answered.", labels: [] },
  cinelake_events_accepted_total: { type: "counter", help: "Events the API wrote to the log.", labels: ["type"] },
  cinelake_events_rejected_total: {
    type: "counter",
    help: "Events the API refused at its edge, by the class of the reason.",
    labels: ["reason"],
  },
  cinelake_event_requests_shed_total: {
    type: "counter",
    help: "Requests of POST /events answered 503: too many bytes or events in flight, the log away (log_unavailable), or stopping.",
    labels: ["reason"],
  },
  cinelake_events_dead_lettered_total: {
    type: "counter",
    help: "Records the stream consumer moved to the dead-letter topic.",
    labels: ["reason"],
  },
  cinelake_stream_records_read_total: {
    type: "counter",
    help: "Records that the stream consumer has read from the log.",
    labels: ["topic"],
  },
  cinelake_stream_read_lag_records: {
    type: "gauge",
    help: "Records in the log that the stream consumer has not read yet.",
    labels: ["topic", "partition"],
  },
  cinelake_stream_read_lag_seconds: {
    type: "gauge",
    help: "Age of the oldest record that the stream consumer has not read yet; 0 when it has all.",
    labels: ["topic"],
  },
  cinelake_stream_lag_records: {
    type: "gauge",
    help: "Records in the log that the tables do not have yet.",
    labels: ["topic", "partition"],
  },
  cinelake_stream_lag_seconds: {
    type: "gauge",
    help: "Age of the oldest record that the tables do not have yet; 0 when they have all.",
    labels: ["topic"],
  },
  cinelake_table_freshness_seconds: {
    type: "gauge",
    help: "How far a table is behind: age of the oldest record that it lacks, 0 when it has all; gold: time since it was brought up to date.",
    labels: ["layer", "table"],
  },
  cinelake_stream_flush_duration_seconds: {
    type: "histogram",
    help: "Time to write a batch of records to the tables.",
    labels: ["topic"],
    buckets: WORK_SECONDS,
  },
  cinelake_stream_flushes_failed_total: {
    type: "counter",
    help: "Batches that failed and were tried again.",
    labels: ["topic"],
  },
  cinelake_stream_rows_written_total: { type: "counter", help: "Rows written to a table.", labels: ["table"] },
  cinelake_stream_files_compacted_total: {
    type: "counter",
    help: "Small files of the event tables that became part of larger ones.",
    labels: ["table"],
  },
  cinelake_stream_duplicates_total: { type: "counter", help: "Events dropped as repeats.", labels: ["topic"] },
  cinelake_trending_events_total: {
    type: "counter",
    help: "Records the trending aggregator has read: counted, repeated, no_interest, late, future, expired (older than it remembers) or invalid.",
    labels: ["outcome"],
  },
  cinelake_trending_pairs: {
    type: "gauge",
    help: "Pairs of a user and a film that trending remembers; bounded.",
    labels: [],
  },
  cinelake_trending_lag_records: {
    type: "gauge",
    help: "Records in the log that the trending lists do not count yet.",
    labels: ["topic", "partition"],
  },
  cinelake_trending_lag_seconds: {
    type: "gauge",
    help: "Age of the oldest record that the trending lists do not count yet; 0 when they count all.",
    labels: ["topic"],
  },
  cinelake_trending_publications_total: {
    type: "counter",
    help: "Trending lists put in the cache.",
    labels: ["window"],
  },
  cinelake_trending_age_seconds: { type: "gauge", help: "Age of the trending list in use.", labels: ["window"] },
  cinelake_trending_compute_duration_seconds: {
    type: "histogram",
    help: "Time to compute a trending list.",
    labels: [],
    buckets: REQUEST_SECONDS,
  },
  cinelake_log_up: { type: "gauge", help: "1 while the event log answers, else 0.", labels: [] },
  cinelake_log_servers: {
    type: "gauge",
    help: "Servers that keep the event log and are there: brokers of the cluster, 1 for a log on disk or in memory.",
    labels: [],
  },
  cinelake_log_partitions_offline: {
    type: "gauge",
    help: "Partitions that can be neither read nor written at present.",
    labels: [],
  },
  cinelake_log_partitions_short_of_copies: {
    type: "gauge",
    help: "Partitions of which fewer copies are up to date than there should be.",
    labels: [],
  },
  cinelake_log_first_offset: {
    type: "gauge",
    help: "Offset of the oldest record that the log still has.",
    labels: ["topic", "partition"],
  },
  cinelake_log_end_offset: {
    type: "gauge",
    help: "Offset that the log gives to its next record.",
    labels: ["topic", "partition"],
  },
  cinelake_api_lag_records: {
    type: "gauge",
    help: "Records in the log that the API's lists do not know yet.",
    labels: ["topic", "partition"],
  },
  cinelake_cache_losses_total: {
    type: "counter",
    help: "Calls that the cache could not do: reads that became misses, writes that were dropped.",
    labels: ["operation", "reason"],
  },
  cinelake_model_age_seconds: { type: "gauge", help: "Time since the serving model was trained.", labels: [] },
  cinelake_model_info: { type: "gauge", help: "1 for the model that serves.", labels: ["version"] },
  cinelake_model_training_seconds: {
    type: "gauge",
    help: "How long the training of the serving model took; absent where that is not known.",
    labels: [],
  },
  cinelake_model_inputs: {
    type: "gauge",
    help: "What the serving model was trained on: users, movies and ratings.",
    labels: ["kind"],
  },
  cinelake_model_quality: {
    type: "gauge",
    help: "What was measured of the serving model: its loss in training, and where measured ndcg@10 and the like on held-out ratings; absent where that is not known.",
    labels: ["metric"],
  },
  cinelake_model_loads_total: { type: "counter", help: "Models the API has loaded, by outcome.", labels: ["outcome"] },
  cinelake_recommendations_total: {
    type: "counter",
    help: "Answered lists, by how they were made.",
    labels: ["strategy"],
  },
  cinelake_exposures_dropped_total: {
    type: "counter",
    help: "Exposures that could not be written: too many waited, or the log refused.",
    labels: [],
  },
  cinelake_table_version: { type: "gauge", help: "Version of a table that was last written.", labels: ["table"] },
  cinelake_service_up: { type: "gauge", help: "1 while a service is well, else 0.", labels: ["service"] },
} as const satisfies Readonly<Record<`cinelake_${string}`, MetricSpec>>;

export type MetricName = keyof typeof METRICS;
/** Label names of a metric. */
export type MetricLabel<N extends MetricName> = (typeof METRICS)[N]["labels"][number];
export type MetricNameOf<T extends MetricSpec["type"]> = {
  [N in MetricName]: (typeof METRICS)[N]["type"] extends T ? N : never;
}[MetricName];
