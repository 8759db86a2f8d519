export {
  partitionKey,
  type Appended,
  type Consumer,
  type ConsumerOptions,
  type EventLog,
  type LogRecord,
  type LogState,
  type NewRecord,
  type Offsets,
  type TopicPartition,
} from "./event_log.ts";
export { MAX_RECORD_BYTES } from "./frame.ts";
export { openEventLog, type EventLogOptions } from "./open.ts";
export { partitionOf } from "./partitioner.ts";
export type { Retention, RetentionRules } from "./retention.ts";
export { tailLog, type TailOptions } from "./tail.ts";
