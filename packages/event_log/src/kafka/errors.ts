import { CinelakeError } from "@cinelake/contracts";
import { ProtocolError } from "@platformatic/kafka";

/** Something that passes when what is known of the cluster is asked anew, such as a partition without a leader. */
export class Passing extends Error {}

/** What brokers have answered, such as NOT_LEADER_OR_FOLLOWER; nothing where none has. */
export function answersOf(error: unknown): ProtocolError[] {
  if (error instanceof ProtocolError) return [error];
  if (error instanceof AggregateError) return error.errors.flatMap(answersOf);
  return error instanceof Error && error.cause !== undefined ? answersOf(error.cause) : [];
}

export function hasAnswer(error: unknown, ...names: readonly string[]): boolean {
  return answersOf(error).some(({ apiId }) => names.includes(apiId as string));
}

/** Whether the same request may succeed later: no broker has refused it for good. */
export function canRetry(error: unknown): boolean {
  return answersOf(error).every((answer) => answer.canRetry === true);
}

/** The error for the log's user; one that is meant for the user already stays as it is. */
export function explain(error: unknown, what: string): CinelakeError {
  if (error instanceof CinelakeError) return error;
  const answers = [...new Set(answersOf(error).map(({ apiId }) => apiId as string))];
  if (answers.includes("UNKNOWN_TOPIC_OR_PARTITION")) {
    return new CinelakeError("topic_unknown", `${what}: the broker knows no such topic or partition`, { cause: error });
  }
  if (answers.includes("MESSAGE_TOO_LARGE") || answers.includes("RECORD_LIST_TOO_LARGE")) {
    return new CinelakeError("payload_too_large", `${what}: the broker's topic takes less (max.message.bytes)`, {
      cause: error,
    });
  }
  const reason = answers.length > 0 ? answers.join(", ") : error instanceof Error ? error.message : String(error);
  const advice = answers.length > 0 ? "" : ". See that the brokers which LOG_URL names run and can be reached";
  return new CinelakeError("log_unavailable", `${what}: ${reason.replace(/\.$/, "")}${advice}`, { cause: error });
}
