export { streamConfigSchema } from "./config.ts";
export { createStreamConsumer, type StreamConsumer } from "./service.ts";
export type { StreamOptions, StreamPorts } from "./ports.ts";
export { ATTEMPT_HEADER, FIRST_SEEN_HEADER, type DeadLetter } from "./dead_letter.ts";
export { listDeadLetters, type DeadLetterFilter, type DeadLetterList } from "./dlq/list.ts";
export { redriveDeadLetters, type RedriveReport, type RedriveRequest } from "./dlq/redrive.ts";
export { planReplay, replayEvents, type ReplayStart } from "./replay/replay.ts";
export type { PartitionReplay } from "./replay/plan.ts";
