// Made by packages/contracts/scripts/generate.ts from schemas/: change those and run `make generate`.
import type { TableSpec } from "../table_spec.ts";

/** Specification of every table, by name. */
export const TABLES = {
  bronze_movielens_ratings_raw: {
    name: "bronze_movielens_ratings_raw",
    layer: "bronze",
    description: "ratings.csv, every value as text.",
    columns: [
      { name: "user_id", type: "string", nullable: true, source: "userId", description: "Column userId." },
      { name: "movie_id", type: "string", nullable: true, source: "movieId", description: "Column movieId." },
      { name: "rating", type: "string", nullable: true, source: "rating", description: "Column rating." },
      { name: "timestamp", type: "string", nullable: true, source: "timestamp", description: "Column timestamp: seconds since 1970-01-01 UTC." },
      { name: "dataset_name", type: "string", nullable: false, description: "Data set of the archive, e.g. ml-25m." },
      { name: "ingestion_id", type: "string", nullable: false, description: "One run of the bootstrap; the manifest names the current one." },
      { name: "row_number", type: "long", nullable: false, description: "Position in the file, from 1 (header not counted)." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the row was written." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["ingestion_id", "row_number"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { file: "ratings.csv" },
  },
  bronze_movielens_movies_raw: {
    name: "bronze_movielens_movies_raw",
    layer: "bronze",
    description: "movies.csv, every value as text.",
    columns: [
      { name: "movie_id", type: "string", nullable: true, source: "movieId", description: "Column movieId." },
      { name: "title", type: "string", nullable: true, source: "title", description: "Column title, with the year in brackets." },
      { name: "genres", type: "string", nullable: true, source: "genres", description: "Column genres, separated by |." },
      { name: "dataset_name", type: "string", nullable: false, description: "Data set of the archive, e.g. ml-25m." },
      { name: "ingestion_id", type: "string", nullable: false, description: "One run of the bootstrap; the manifest names the current one." },
      { name: "row_number", type: "long", nullable: false, description: "Position in the file, from 1 (header not counted)." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the row was written." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["ingestion_id", "row_number"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { file: "movies.csv" },
  },
  bronze_movielens_tags_raw: {
    name: "bronze_movielens_tags_raw",
    layer: "bronze",
    description: "tags.csv, every value as text.",
    columns: [
      { name: "user_id", type: "string", nullable: true, source: "userId", description: "Column userId." },
      { name: "movie_id", type: "string", nullable: true, source: "movieId", description: "Column movieId." },
      { name: "tag", type: "string", nullable: true, source: "tag", description: "Column tag." },
      { name: "timestamp", type: "string", nullable: true, source: "timestamp", description: "Column timestamp: seconds since 1970-01-01 UTC." },
      { name: "dataset_name", type: "string", nullable: false, description: "Data set of the archive, e.g. ml-25m." },
      { name: "ingestion_id", type: "string", nullable: false, description: "One run of the bootstrap; the manifest names the current one." },
      { name: "row_number", type: "long", nullable: false, description: "Position in the file, from 1 (header not counted)." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the row was written." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["ingestion_id", "row_number"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { file: "tags.csv" },
  },
  bronze_movielens_links_raw: {
    name: "bronze_movielens_links_raw",
    layer: "bronze",
    description: "links.csv, every value as text.",
    columns: [
      { name: "movie_id", type: "string", nullable: true, source: "movieId", description: "Column movieId." },
      { name: "imdb_id", type: "string", nullable: true, source: "imdbId", description: "Column imdbId, with its leading zeros." },
      { name: "tmdb_id", type: "string", nullable: true, source: "tmdbId", description: "Column tmdbId." },
      { name: "dataset_name", type: "string", nullable: false, description: "Data set of the archive, e.g. ml-25m." },
      { name: "ingestion_id", type: "string", nullable: false, description: "One run of the bootstrap; the manifest names the current one." },
      { name: "row_number", type: "long", nullable: false, description: "Position in the file, from 1 (header not counted)." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the row was written." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["ingestion_id", "row_number"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { file: "links.csv" },
  },
  bronze_events_views_raw: {
    name: "bronze_events_views_raw",
    layer: "bronze",
    description: "Records of topic events_views, as received, valid or not.",
    columns: [
      { name: "topic", type: "string", nullable: false, description: "Topic of the record." },
      { name: "partition", type: "integer", nullable: false, description: "Partition of the topic." },
      { name: "offset", type: "long", nullable: false, description: "Offset within the partition; with topic and partition the record's identity." },
      { name: "record_ts", type: "timestamp", nullable: false, description: "When the log took the record." },
      { name: "key", type: "string", nullable: true, description: "Key of the record: the user id as text." },
      { name: "headers", type: "string", nullable: true, description: "Headers as a JSON object." },
      { name: "value", type: "string", nullable: true, description: "The record as received; null if it is not UTF-8 text." },
      { name: "value_base64", type: "string", nullable: true, description: "The record's bytes in base64 if they are not UTF-8 text." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["topic", "partition", "offset"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { topic: "events_views" },
  },
  bronze_events_clicks_raw: {
    name: "bronze_events_clicks_raw",
    layer: "bronze",
    description: "Records of topic events_clicks, as received, valid or not.",
    columns: [
      { name: "topic", type: "string", nullable: false, description: "Topic of the record." },
      { name: "partition", type: "integer", nullable: false, description: "Partition of the topic." },
      { name: "offset", type: "long", nullable: false, description: "Offset within the partition; with topic and partition the record's identity." },
      { name: "record_ts", type: "timestamp", nullable: false, description: "When the log took the record." },
      { name: "key", type: "string", nullable: true, description: "Key of the record: the user id as text." },
      { name: "headers", type: "string", nullable: true, description: "Headers as a JSON object." },
      { name: "value", type: "string", nullable: true, description: "The record as received; null if it is not UTF-8 text." },
      { name: "value_base64", type: "string", nullable: true, description: "The record's bytes in base64 if they are not UTF-8 text." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["topic", "partition", "offset"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { topic: "events_clicks" },
  },
  bronze_events_ratings_raw: {
    name: "bronze_events_ratings_raw",
    layer: "bronze",
    description: "Records of topic events_ratings, as received, valid or not.",
    columns: [
      { name: "topic", type: "string", nullable: false, description: "Topic of the record." },
      { name: "partition", type: "integer", nullable: false, description: "Partition of the topic." },
      { name: "offset", type: "long", nullable: false, description: "Offset within the partition; with topic and partition the record's identity." },
      { name: "record_ts", type: "timestamp", nullable: false, description: "When the log took the record." },
      { name: "key", type: "string", nullable: true, description: "Key of the record: the user id as text." },
      { name: "headers", type: "string", nullable: true, description: "Headers as a JSON object." },
      { name: "value", type: "string", nullable: true, description: "The record as received; null if it is not UTF-8 text." },
      { name: "value_base64", type: "string", nullable: true, description: "The record's bytes in base64 if they are not UTF-8 text." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["topic", "partition", "offset"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { topic: "events_ratings" },
  },
  bronze_events_exposures_raw: {
    name: "bronze_events_exposures_raw",
    layer: "bronze",
    description: "Records of topic events_exposures, as received, valid or not.",
    columns: [
      { name: "topic", type: "string", nullable: false, description: "Topic of the record." },
      { name: "partition", type: "integer", nullable: false, description: "Partition of the topic." },
      { name: "offset", type: "long", nullable: false, description: "Offset within the partition; with topic and partition the record's identity." },
      { name: "record_ts", type: "timestamp", nullable: false, description: "When the log took the record." },
      { name: "key", type: "string", nullable: true, description: "Key of the record: the user id as text." },
      { name: "headers", type: "string", nullable: true, description: "Headers as a JSON object." },
      { name: "value", type: "string", nullable: true, description: "The record as received; null if it is not UTF-8 text." },
      { name: "value_base64", type: "string", nullable: true, description: "The record's bytes in base64 if they are not UTF-8 text." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "ingestion_date", type: "date", nullable: false, description: "UTC day of ingestion_ts." },
    ],
    primary_key: ["topic", "partition", "offset"],
    partition_columns: ["ingestion_date"],
    granularity: "day",
    source: { topic: "events_exposures" },
  },
  silver_ratings: {
    name: "silver_ratings",
    layer: "silver",
    description: "One row per user and film of the imported ratings: the latest. Live ratings are in silver_events_ratings.",
    columns: [
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", expression: "TRY_CAST(trim(user_id) AS BIGINT)", description: "The user." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", expression: "TRY_CAST(trim(movie_id) AS BIGINT)", description: "The film." },
      { name: "rating", type: "float", nullable: false, min: 0.5, max: 5, expression: "TRY_CAST(trim(rating) AS FLOAT)", description: "Stars, 0.5 to 5.0." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", expression: "to_timestamp(TRY_CAST(trim(timestamp) AS BIGINT))", description: "When it was rated." },
      { name: "event_date", type: "date", nullable: false, derived: true, description: "First day of the month of event_ts (UTC)." },
    ],
    primary_key: ["user_id", "movie_id"],
    partition_columns: ["event_date"],
    granularity: "month",
    source: { table: "bronze_movielens_ratings_raw" },
    dedupe: { key: ["user_id", "movie_id"], order: ["event_ts DESC", "row_number DESC"] },
    max_failed_fraction: 0.05,
  },
  silver_movies: {
    name: "silver_movies",
    layer: "silver",
    description: "The catalogue, and placeholders for films that only ratings, tags or events know.",
    columns: [
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, expression: "TRY_CAST(trim(movie_id) AS BIGINT)", description: "The film." },
      { name: "title", type: "string", nullable: false, min_length: 1, max_length: 1000, expression: "trim(regexp_replace(trim(title), '\\s*\\((\\d{4})(?:[-–]\\d{0,4})?\\)\\s*$', ''))", description: "Title without the year; `Film <id>` for a placeholder." },
      { name: "year", type: "integer", nullable: true, min: 1870, max: 2100, expression: "TRY_CAST(nullif(regexp_extract(trim(title), '\\((\\d{4})(?:[-–]\\d{0,4})?\\)\\s*$', 1), '') AS INTEGER)", description: "Year of release, from the title." },
      { name: "genres", type: "array<string>", nullable: false, expression: "CASE WHEN genres IS NULL OR trim(genres) IN ('', '(no genres listed)') THEN []::VARCHAR[] ELSE list_filter(list_transform(string_split(genres, '|'), lambda g: trim(g)), lambda g: g <> '') END", description: "Genres; empty if none is listed." },
      { name: "imdb_id", type: "string", nullable: true, max_length: 20, joined: true, expression: "nullif(trim(imdb_id), '')", description: "Identifier at IMDb, without its tt." },
      { name: "tmdb_id", type: "long", nullable: true, joined: true, expression: "TRY_CAST(trim(tmdb_id) AS BIGINT)", description: "Identifier at TMDB." },
      { name: "is_placeholder", type: "boolean", nullable: false, expression: "false", description: "True while only references to the film are known." },
    ],
    primary_key: ["movie_id"],
    partition_columns: [],
    source: { table: "bronze_movielens_movies_raw", left_join: { table: "bronze_movielens_links_raw", on: "movie_id" } },
    dedupe: { key: ["movie_id"], order: ["row_number DESC"] },
    max_failed_fraction: 0.05,
  },
  silver_tags: {
    name: "silver_tags",
    layer: "silver",
    description: "Tags that users gave to films.",
    columns: [
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", expression: "TRY_CAST(trim(user_id) AS BIGINT)", description: "The user." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", expression: "TRY_CAST(trim(movie_id) AS BIGINT)", description: "The film." },
      { name: "tag", type: "string", nullable: false, min_length: 1, max_length: 1000, expression: "trim(tag)", description: "The tag as written." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", expression: "to_timestamp(TRY_CAST(trim(timestamp) AS BIGINT))", description: "When it was given." },
      { name: "event_date", type: "date", nullable: false, derived: true, description: "First day of the month of event_ts (UTC)." },
    ],
    primary_key: ["user_id", "movie_id", "tag"],
    partition_columns: ["event_date"],
    granularity: "month",
    source: { table: "bronze_movielens_tags_raw" },
    dedupe: { key: ["user_id", "movie_id", "tag"], order: ["event_ts DESC", "row_number DESC"] },
    max_failed_fraction: 0.05,
  },
  silver_users: {
    name: "silver_users",
    layer: "silver",
    description: "Everyone seen in ratings, tags or events.",
    columns: [
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, description: "The user." },
      { name: "first_event_ts", type: "timestamp", nullable: true, description: "First imported rating or tag; null for a placeholder." },
      { name: "is_placeholder", type: "boolean", nullable: false, description: "True while the user is known from live events only." },
    ],
    primary_key: ["user_id"],
    partition_columns: [],
  },
  silver_events_views: {
    name: "silver_events_views",
    layer: "silver",
    description: "Valid views, each event once.",
    columns: [
      { name: "event_id", type: "string", nullable: false, description: "UUID chosen by the sender, lower case." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", description: "When it happened." },
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", description: "Who did it." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", description: "The film." },
      { name: "session_id", type: "string", nullable: true, description: "Visit." },
      { name: "page_url", type: "string", nullable: true, description: "Page." },
      { name: "device_type", type: "string", nullable: true, description: "Device." },
      { name: "log_partition", type: "integer", nullable: false, description: "Partition the event came from." },
      { name: "log_offset", type: "long", nullable: false, description: "Offset in that partition." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "event_date", type: "date", nullable: false, description: "UTC day of event_ts." },
    ],
    primary_key: ["event_id", "event_date"],
    partition_columns: ["event_date"],
    granularity: "day",
    source: { topic: "events_views" },
  },
  silver_events_clicks: {
    name: "silver_events_clicks",
    layer: "silver",
    description: "Valid clicks, each event once.",
    columns: [
      { name: "event_id", type: "string", nullable: false, description: "UUID chosen by the sender, lower case." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", description: "When it happened." },
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", description: "Who did it." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", description: "The film." },
      { name: "click_type", type: "string", nullable: true, description: "What was clicked; not_interested is no interest." },
      { name: "session_id", type: "string", nullable: true, description: "Visit." },
      { name: "referrer", type: "string", nullable: true, description: "Where the user came from." },
      { name: "log_partition", type: "integer", nullable: false, description: "Partition the event came from." },
      { name: "log_offset", type: "long", nullable: false, description: "Offset in that partition." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "event_date", type: "date", nullable: false, description: "UTC day of event_ts." },
    ],
    primary_key: ["event_id", "event_date"],
    partition_columns: ["event_date"],
    granularity: "day",
    source: { topic: "events_clicks" },
  },
  silver_events_ratings: {
    name: "silver_events_ratings",
    layer: "silver",
    description: "Valid live ratings, each event once; the trainer takes the latest per user and film.",
    columns: [
      { name: "event_id", type: "string", nullable: false, description: "UUID chosen by the sender, lower case." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", description: "When it happened." },
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", description: "Who did it." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", description: "The film." },
      { name: "rating", type: "float", nullable: false, min: 0.5, max: 5, description: "Stars, 0.5 to 5.0." },
      { name: "review_text", type: "string", nullable: true, max_length: 5000, description: "What the user wrote." },
      { name: "log_partition", type: "integer", nullable: false, description: "Partition the event came from." },
      { name: "log_offset", type: "long", nullable: false, description: "Offset in that partition." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "event_date", type: "date", nullable: false, description: "UTC day of event_ts." },
    ],
    primary_key: ["event_id", "event_date"],
    partition_columns: ["event_date"],
    granularity: "day",
    source: { topic: "events_ratings" },
  },
  silver_events_exposures: {
    name: "silver_events_exposures",
    layer: "silver",
    description: "What was shown to whom, each film of a list once.",
    columns: [
      { name: "event_id", type: "string", nullable: false, description: "UUID chosen by the sender, lower case." },
      { name: "event_ts", type: "timestamp", nullable: false, min: "1995-01-01T00:00:00Z", description: "When it happened." },
      { name: "user_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_users", description: "Who did it." },
      { name: "movie_id", type: "long", nullable: false, min: 1, max: 9007199254740991, references: "silver_movies", description: "The film." },
      { name: "request_id", type: "string", nullable: false, description: "The answered list." },
      { name: "position", type: "integer", nullable: false, min: 1, max: 500, description: "Place in the list, from 1." },
      { name: "variant", type: "string", nullable: false, description: "Variant of the experiment." },
      { name: "strategy", type: "string", nullable: false, description: "How the list was made." },
      { name: "model_version", type: "string", nullable: true, description: "The model that ranked it." },
      { name: "log_partition", type: "integer", nullable: false, description: "Partition the event came from." },
      { name: "log_offset", type: "long", nullable: false, description: "Offset in that partition." },
      { name: "ingestion_ts", type: "timestamp", nullable: false, description: "When the consumer wrote the row." },
      { name: "event_date", type: "date", nullable: false, description: "UTC day of event_ts." },
    ],
    primary_key: ["event_id", "event_date"],
    partition_columns: ["event_date"],
    granularity: "day",
    source: { topic: "events_exposures" },
  },
  silver_rejects: {
    name: "silver_rejects",
    layer: "silver",
    description: "Rows of the batch job that failed a rule, with the reason.",
    columns: [
      { name: "source_table", type: "string", nullable: false, description: "Bronze table of the row." },
      { name: "target_table", type: "string", nullable: false, description: "Silver table it was meant for." },
      { name: "ingestion_id", type: "string", nullable: false, description: "Ingestion it came with." },
      { name: "row_number", type: "long", nullable: false, description: "Position in the source file." },
      { name: "reason", type: "string", nullable: false, description: "Rule and column, e.g. `validity: rating`." },
      { name: "row_json", type: "string", nullable: false, description: "The row as it was, as JSON." },
      { name: "rejected_ts", type: "timestamp", nullable: false, description: "When the job rejected it." },
      { name: "event_date", type: "date", nullable: false, description: "UTC day of rejected_ts." },
    ],
    primary_key: ["source_table", "ingestion_id", "row_number"],
    partition_columns: ["event_date"],
    granularity: "day",
  },
  gold_als_user_factors: {
    name: "gold_als_user_factors",
    layer: "gold",
    description: "User vectors of a model.",
    columns: [
      { name: "model_version", type: "string", nullable: false, description: "The model." },
      { name: "user_id", type: "long", nullable: false, references: "silver_users", description: "The user." },
      { name: "factors", type: "array<float>", nullable: false, description: "The vector; all of a model have one length." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["model_version", "user_id"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
  gold_als_item_factors: {
    name: "gold_als_item_factors",
    layer: "gold",
    description: "Film vectors of a model.",
    columns: [
      { name: "model_version", type: "string", nullable: false, description: "The model." },
      { name: "movie_id", type: "long", nullable: false, references: "silver_movies", description: "The film." },
      { name: "factors", type: "array<float>", nullable: false, description: "The vector; all of a model have one length." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["model_version", "movie_id"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
  gold_recommendations_als: {
    name: "gold_recommendations_als",
    layer: "gold",
    description: "Top films of every user by ALS alone, rated films out.",
    columns: [
      { name: "model_version", type: "string", nullable: false, description: "The model." },
      { name: "user_id", type: "long", nullable: false, references: "silver_users", description: "The user." },
      { name: "rank", type: "integer", nullable: false, min: 1, description: "Place, from 1." },
      { name: "movie_id", type: "long", nullable: false, references: "silver_movies", description: "The film." },
      { name: "score", type: "float", nullable: false, description: "Dot product of the two vectors." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["model_version", "user_id", "rank"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
  gold_trending_now: {
    name: "gold_trending_now",
    layer: "gold",
    description: "The trending list over time, one set of rows per publication.",
    columns: [
      { name: "window", type: "string", nullable: false, description: "Half-life window: 1h, 24h or 7d." },
      { name: "genre", type: "string", nullable: false, description: "Genre of the list; `all` for the list over all films." },
      { name: "rank", type: "integer", nullable: false, min: 1, description: "Place, from 1." },
      { name: "movie_id", type: "long", nullable: false, references: "silver_movies", description: "The film." },
      { name: "score", type: "double", nullable: false, description: "Trending score." },
      { name: "recent", type: "double", nullable: false, description: "Decayed weight of distinct users in the window." },
      { name: "baseline", type: "double", nullable: false, description: "Weight that the film's longer history lets expect." },
      { name: "users", type: "long", nullable: false, description: "Distinct users behind `recent`." },
      { name: "source", type: "string", nullable: false, description: "live or history." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["computed_ts", "window", "genre", "rank"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
  gold_recommendations_final: {
    name: "gold_recommendations_final",
    layer: "gold",
    description: "Hybrid list of active users: ALS and trending blended.",
    columns: [
      { name: "model_version", type: "string", nullable: false, description: "The model." },
      { name: "user_id", type: "long", nullable: false, references: "silver_users", description: "The user." },
      { name: "rank", type: "integer", nullable: false, min: 1, description: "Place, from 1." },
      { name: "movie_id", type: "long", nullable: false, references: "silver_movies", description: "The film." },
      { name: "score", type: "double", nullable: false, description: "Blended score." },
      { name: "als_score", type: "double", nullable: false, description: "Share of ALS in the score." },
      { name: "trending_score", type: "double", nullable: false, description: "Share of trending in the score." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["model_version", "user_id", "rank"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
  gold_data_quality: {
    name: "gold_data_quality",
    layer: "gold",
    description: "Result of every quality rule at every run.",
    columns: [
      { name: "run_id", type: "string", nullable: false, description: "The run that measured." },
      { name: "table_name", type: "string", nullable: false, description: "Table measured." },
      { name: "rule", type: "string", nullable: false, description: "completeness, validity, uniqueness, consistency or freshness." },
      { name: "column_name", type: "string", nullable: false, description: "Column, or `*` for the whole row." },
      { name: "checked_rows", type: "long", nullable: false, description: "Rows looked at." },
      { name: "failed_rows", type: "long", nullable: false, description: "Rows that broke the rule." },
      { name: "passed", type: "boolean", nullable: false, description: "Whether the rule's limit was kept." },
      { name: "details", type: "string", nullable: true, description: "What a person should know." },
      { name: "computed_ts", type: "timestamp", nullable: false, description: "When it was computed." },
      { name: "computed_date", type: "date", nullable: false, description: "UTC day of computed_ts." },
    ],
    primary_key: ["run_id", "table_name", "rule", "column_name"],
    partition_columns: ["computed_date"],
    granularity: "day",
  },
} as const satisfies Readonly<Record<string, TableSpec>>;

export type TableName = keyof typeof TABLES;

/** Row of bronze_movielens_ratings_raw. ratings.csv, every value as text. */
export type BronzeMovielensRatingsRawRow = {
  /** Column userId. */
  readonly user_id: string | null;
  /** Column movieId. */
  readonly movie_id: string | null;
  /** Column rating. */
  readonly rating: string | null;
  /** Column timestamp: seconds since 1970-01-01 UTC. */
  readonly timestamp: string | null;
  /** Data set of the archive, e.g. ml-25m. */
  readonly dataset_name: string;
  /** One run of the bootstrap; the manifest names the current one. */
  readonly ingestion_id: string;
  /** Position in the file, from 1 (header not counted). */
  readonly row_number: number;
  /** When the row was written. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_movielens_movies_raw. movies.csv, every value as text. */
export type BronzeMovielensMoviesRawRow = {
  /** Column movieId. */
  readonly movie_id: string | null;
  /** Column title, with the year in brackets. */
  readonly title: string | null;
  /** Column genres, separated by |. */
  readonly genres: string | null;
  /** Data set of the archive, e.g. ml-25m. */
  readonly dataset_name: string;
  /** One run of the bootstrap; the manifest names the current one. */
  readonly ingestion_id: string;
  /** Position in the file, from 1 (header not counted). */
  readonly row_number: number;
  /** When the row was written. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_movielens_tags_raw. tags.csv, every value as text. */
export type BronzeMovielensTagsRawRow = {
  /** Column userId. */
  readonly user_id: string | null;
  /** Column movieId. */
  readonly movie_id: string | null;
  /** Column tag. */
  readonly tag: string | null;
  /** Column timestamp: seconds since 1970-01-01 UTC. */
  readonly timestamp: string | null;
  /** Data set of the archive, e.g. ml-25m. */
  readonly dataset_name: string;
  /** One run of the bootstrap; the manifest names the current one. */
  readonly ingestion_id: string;
  /** Position in the file, from 1 (header not counted). */
  readonly row_number: number;
  /** When the row was written. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_movielens_links_raw. links.csv, every value as text. */
export type BronzeMovielensLinksRawRow = {
  /** Column movieId. */
  readonly movie_id: string | null;
  /** Column imdbId, with its leading zeros. */
  readonly imdb_id: string | null;
  /** Column tmdbId. */
  readonly tmdb_id: string | null;
  /** Data set of the archive, e.g. ml-25m. */
  readonly dataset_name: string;
  /** One run of the bootstrap; the manifest names the current one. */
  readonly ingestion_id: string;
  /** Position in the file, from 1 (header not counted). */
  readonly row_number: number;
  /** When the row was written. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_events_views_raw. Records of topic events_views, as received, valid or not. */
export type BronzeEventsViewsRawRow = {
  /** Topic of the record. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset within the partition; with topic and partition the record's identity. */
  readonly offset: number;
  /** When the log took the record. */
  readonly record_ts: string | Date;
  /** Key of the record: the user id as text. */
  readonly key: string | null;
  /** Headers as a JSON object. */
  readonly headers: string | null;
  /** The record as received; null if it is not UTF-8 text. */
  readonly value: string | null;
  /** The record's bytes in base64 if they are not UTF-8 text. */
  readonly value_base64: string | null;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_events_clicks_raw. Records of topic events_clicks, as received, valid or not. */
export type BronzeEventsClicksRawRow = {
  /** Topic of the record. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset within the partition; with topic and partition the record's identity. */
  readonly offset: number;
  /** When the log took the record. */
  readonly record_ts: string | Date;
  /** Key of the record: the user id as text. */
  readonly key: string | null;
  /** Headers as a JSON object. */
  readonly headers: string | null;
  /** The record as received; null if it is not UTF-8 text. */
  readonly value: string | null;
  /** The record's bytes in base64 if they are not UTF-8 text. */
  readonly value_base64: string | null;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_events_ratings_raw. Records of topic events_ratings, as received, valid or not. */
export type BronzeEventsRatingsRawRow = {
  /** Topic of the record. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset within the partition; with topic and partition the record's identity. */
  readonly offset: number;
  /** When the log took the record. */
  readonly record_ts: string | Date;
  /** Key of the record: the user id as text. */
  readonly key: string | null;
  /** Headers as a JSON object. */
  readonly headers: string | null;
  /** The record as received; null if it is not UTF-8 text. */
  readonly value: string | null;
  /** The record's bytes in base64 if they are not UTF-8 text. */
  readonly value_base64: string | null;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of bronze_events_exposures_raw. Records of topic events_exposures, as received, valid or not. */
export type BronzeEventsExposuresRawRow = {
  /** Topic of the record. */
  readonly topic: string;
  /** Partition of the topic. */
  readonly partition: number;
  /** Offset within the partition; with topic and partition the record's identity. */
  readonly offset: number;
  /** When the log took the record. */
  readonly record_ts: string | Date;
  /** Key of the record: the user id as text. */
  readonly key: string | null;
  /** Headers as a JSON object. */
  readonly headers: string | null;
  /** The record as received; null if it is not UTF-8 text. */
  readonly value: string | null;
  /** The record's bytes in base64 if they are not UTF-8 text. */
  readonly value_base64: string | null;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of ingestion_ts. */
  readonly ingestion_date: string;
};

/** Row of silver_ratings. One row per user and film of the imported ratings: the latest. Live ratings are in silver_events_ratings. */
export type SilverRatingsRow = {
  /** The user. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** Stars, 0.5 to 5.0. */
  readonly rating: number;
  /** When it was rated. */
  readonly event_ts: string | Date;
  /** First day of the month of event_ts (UTC). */
  readonly event_date: string;
};

/** Row of silver_movies. The catalogue, and placeholders for films that only ratings, tags or events know. */
export type SilverMoviesRow = {
  /** The film. */
  readonly movie_id: number;
  /** Title without the year; `Film <id>` for a placeholder. */
  readonly title: string;
  /** Year of release, from the title. */
  readonly year: number | null;
  /** Genres; empty if none is listed. */
  readonly genres: readonly string[];
  /** Identifier at IMDb, without its tt. */
  readonly imdb_id: string | null;
  /** Identifier at TMDB. */
  readonly tmdb_id: number | null;
  /** True while only references to the film are known. */
  readonly is_placeholder: boolean;
};

/** Row of silver_tags. Tags that users gave to films. */
export type SilverTagsRow = {
  /** The user. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** The tag as written. */
  readonly tag: string;
  /** When it was given. */
  readonly event_ts: string | Date;
  /** First day of the month of event_ts (UTC). */
  readonly event_date: string;
};

/** Row of silver_users. Everyone seen in ratings, tags or events. */
export type SilverUsersRow = {
  /** The user. */
  readonly user_id: number;
  /** First imported rating or tag; null for a placeholder. */
  readonly first_event_ts: string | Date | null;
  /** True while the user is known from live events only. */
  readonly is_placeholder: boolean;
};

/** Row of silver_events_views. Valid views, each event once. */
export type SilverEventsViewsRow = {
  /** UUID chosen by the sender, lower case. */
  readonly event_id: string;
  /** When it happened. */
  readonly event_ts: string | Date;
  /** Who did it. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** Visit. */
  readonly session_id: string | null;
  /** Page. */
  readonly page_url: string | null;
  /** Device. */
  readonly device_type: string | null;
  /** Partition the event came from. */
  readonly log_partition: number;
  /** Offset in that partition. */
  readonly log_offset: number;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of event_ts. */
  readonly event_date: string;
};

/** Row of silver_events_clicks. Valid clicks, each event once. */
export type SilverEventsClicksRow = {
  /** UUID chosen by the sender, lower case. */
  readonly event_id: string;
  /** When it happened. */
  readonly event_ts: string | Date;
  /** Who did it. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** What was clicked; not_interested is no interest. */
  readonly click_type: string | null;
  /** Visit. */
  readonly session_id: string | null;
  /** Where the user came from. */
  readonly referrer: string | null;
  /** Partition the event came from. */
  readonly log_partition: number;
  /** Offset in that partition. */
  readonly log_offset: number;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of event_ts. */
  readonly event_date: string;
};

/** Row of silver_events_ratings. Valid live ratings, each event once; the trainer takes the latest per user and film. */
export type SilverEventsRatingsRow = {
  /** UUID chosen by the sender, lower case. */
  readonly event_id: string;
  /** When it happened. */
  readonly event_ts: string | Date;
  /** Who did it. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** Stars, 0.5 to 5.0. */
  readonly rating: number;
  /** What the user wrote. */
  readonly review_text: string | null;
  /** Partition the event came from. */
  readonly log_partition: number;
  /** Offset in that partition. */
  readonly log_offset: number;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of event_ts. */
  readonly event_date: string;
};

/** Row of silver_events_exposures. What was shown to whom, each film of a list once. */
export type SilverEventsExposuresRow = {
  /** UUID chosen by the sender, lower case. */
  readonly event_id: string;
  /** When it happened. */
  readonly event_ts: string | Date;
  /** Who did it. */
  readonly user_id: number;
  /** The film. */
  readonly movie_id: number;
  /** The answered list. */
  readonly request_id: string;
  /** Place in the list, from 1. */
  readonly position: number;
  /** Variant of the experiment. */
  readonly variant: string;
  /** How the list was made. */
  readonly strategy: string;
  /** The model that ranked it. */
  readonly model_version: string | null;
  /** Partition the event came from. */
  readonly log_partition: number;
  /** Offset in that partition. */
  readonly log_offset: number;
  /** When the consumer wrote the row. */
  readonly ingestion_ts: string | Date;
  /** UTC day of event_ts. */
  readonly event_date: string;
};

/** Row of silver_rejects. Rows of the batch job that failed a rule, with the reason. */
export type SilverRejectsRow = {
  /** Bronze table of the row. */
  readonly source_table: string;
  /** Silver table it was meant for. */
  readonly target_table: string;
  /** Ingestion it came with. */
  readonly ingestion_id: string;
  /** Position in the source file. */
  readonly row_number: number;
  /** Rule and column, e.g. `validity: rating`. */
  readonly reason: string;
  /** The row as it was, as JSON. */
  readonly row_json: string;
  /** When the job rejected it. */
  readonly rejected_ts: string | Date;
  /** UTC day of rejected_ts. */
  readonly event_date: string;
};

/** Row of gold_als_user_factors. User vectors of a model. */
export type GoldAlsUserFactorsRow = {
  /** The model. */
  readonly model_version: string;
  /** The user. */
  readonly user_id: number;
  /** The vector; all of a model have one length. */
  readonly factors: readonly number[];
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row of gold_als_item_factors. Film vectors of a model. */
export type GoldAlsItemFactorsRow = {
  /** The model. */
  readonly model_version: string;
  /** The film. */
  readonly movie_id: number;
  /** The vector; all of a model have one length. */
  readonly factors: readonly number[];
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row of gold_recommendations_als. Top films of every user by ALS alone, rated films out. */
export type GoldRecommendationsAlsRow = {
  /** The model. */
  readonly model_version: string;
  /** The user. */
  readonly user_id: number;
  /** Place, from 1. */
  readonly rank: number;
  /** The film. */
  readonly movie_id: number;
  /** Dot product of the two vectors. */
  readonly score: number;
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row of gold_trending_now. The trending list over time, one set of rows per publication. */
export type GoldTrendingNowRow = {
  /** Half-life window: 1h, 24h or 7d. */
  readonly window: string;
  /** Genre of the list; `all` for the list over all films. */
  readonly genre: string;
  /** Place, from 1. */
  readonly rank: number;
  /** The film. */
  readonly movie_id: number;
  /** Trending score. */
  readonly score: number;
  /** Decayed weight of distinct users in the window. */
  readonly recent: number;
  /** Weight that the film's longer history lets expect. */
  readonly baseline: number;
  /** Distinct users behind `recent`. */
  readonly users: number;
  /** live or history. */
  readonly source: string;
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row of gold_recommendations_final. Hybrid list of active users: ALS and trending blended. */
export type GoldRecommendationsFinalRow = {
  /** The model. */
  readonly model_version: string;
  /** The user. */
  readonly user_id: number;
  /** Place, from 1. */
  readonly rank: number;
  /** The film. */
  readonly movie_id: number;
  /** Blended score. */
  readonly score: number;
  /** Share of ALS in the score. */
  readonly als_score: number;
  /** Share of trending in the score. */
  readonly trending_score: number;
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row of gold_data_quality. Result of every quality rule at every run. */
export type GoldDataQualityRow = {
  /** The run that measured. */
  readonly run_id: string;
  /** Table measured. */
  readonly table_name: string;
  /** completeness, validity, uniqueness, consistency or freshness. */
  readonly rule: string;
  /** Column, or `*` for the whole row. */
  readonly column_name: string;
  /** Rows looked at. */
  readonly checked_rows: number;
  /** Rows that broke the rule. */
  readonly failed_rows: number;
  /** Whether the rule's limit was kept. */
  readonly passed: boolean;
  /** What a person should know. */
  readonly details: string | null;
  /** When it was computed. */
  readonly computed_ts: string | Date;
  /** UTC day of computed_ts. */
  readonly computed_date: string;
};

/** Row type of every table. */
export interface TableRows {
  readonly bronze_movielens_ratings_raw: BronzeMovielensRatingsRawRow;
  readonly bronze_movielens_movies_raw: BronzeMovielensMoviesRawRow;
  readonly bronze_movielens_tags_raw: BronzeMovielensTagsRawRow;
  readonly bronze_movielens_links_raw: BronzeMovielensLinksRawRow;
  readonly bronze_events_views_raw: BronzeEventsViewsRawRow;
  readonly bronze_events_clicks_raw: BronzeEventsClicksRawRow;
  readonly bronze_events_ratings_raw: BronzeEventsRatingsRawRow;
  readonly bronze_events_exposures_raw: BronzeEventsExposuresRawRow;
  readonly silver_ratings: SilverRatingsRow;
  readonly silver_movies: SilverMoviesRow;
  readonly silver_tags: SilverTagsRow;
  readonly silver_users: SilverUsersRow;
  readonly silver_events_views: SilverEventsViewsRow;
  readonly silver_events_clicks: SilverEventsClicksRow;
  readonly silver_events_ratings: SilverEventsRatingsRow;
  readonly silver_events_exposures: SilverEventsExposuresRow;
  readonly silver_rejects: SilverRejectsRow;
  readonly gold_als_user_factors: GoldAlsUserFactorsRow;
  readonly gold_als_item_factors: GoldAlsItemFactorsRow;
  readonly gold_recommendations_als: GoldRecommendationsAlsRow;
  readonly gold_trending_now: GoldTrendingNowRow;
  readonly gold_recommendations_final: GoldRecommendationsFinalRow;
  readonly gold_data_quality: GoldDataQualityRow;
}
