import { CinelakeError, type ErrorCode } from "@cinelake/contracts/errors";

/** What a failed request means for the one who asked. */
export type S3Failure =
  | "again" // throttled, overloaded, cut off, too slow: the same request may succeed in a moment
  | "precondition" // If-None-Match or If-Match does not hold
  | "missing_key"
  | "missing_bucket"
  | "bad_range"
  | "key_conflict" // the service keeps objects as files, and the key is a folder of another or below one
  | "full"
  | "denied"
  | "no_credentials"
  | "wrong_region"
  | "not_implemented"
  | "closed"
  | "other";

const BY_NAME: Readonly<Record<string, S3Failure>> = {
  SlowDown: "again",
  RequestTimeout: "again",
  RequestTimeTooSkewed: "again", // the client has corrected its clock by the answer
  InternalError: "again",
  ServiceUnavailable: "again",
  TimeoutError: "again",
  ConditionalRequestConflict: "again",
  OperationAborted: "again",
  NoSuchBucket: "missing_bucket",
  ObjectParentIsFile: "key_conflict",
  ExistingObjectIsDirectory: "key_conflict",
  XMinioParentIsObject: "key_conflict",
  XMinioObjectExistsAsDirectory: "key_conflict",
  XMinioStorageFull: "full",
  QuotaExceeded: "full",
  ExpiredToken: "denied",
  XAdminUserNotFound: "denied", // an unknown access key, where versitygw keeps users
  AuthorizationHeaderMalformed: "wrong_region",
  PermanentRedirect: "wrong_region",
  CredentialsProviderError: "no_credentials",
  AbortError: "closed",
};

const BY_STATUS: Readonly<Record<number, S3Failure>> = {
  301: "wrong_region",
  307: "wrong_region",
  401: "denied",
  403: "denied",
  404: "missing_key",
  412: "precondition",
  416: "bad_range",
  429: "again",
  501: "not_implemented",
  507: "full",
};

/** Codes of a connection that failed, as against those of certificates and of wrong calls, which stay as they are. */
const CONNECTION = /^(E(?!RR_)|HPE_|ERR_STREAM_PREMATURE_CLOSE$)/;

/** Classifies whatever the client threw. A code of the operating system beats the status: the answer was cut off in its middle. */
export function failureOf(error: unknown): S3Failure {
  if (!(error instanceof Error) || error instanceof CinelakeError) return "other";
  const { name, code, status } = factsOf(error);
  if (BY_NAME[name]) return BY_NAME[name];
  if (code !== undefined && CONNECTION.test(code)) return "again";
  if (status === undefined) return error.message.startsWith("Region is missing") ? "wrong_region" : "other";
  return BY_STATUS[status] ?? (status >= 500 ? "again" : "other");
}

/**
 * The error a person can act on. `code` is for everything that is wrong with the service or its settings: `config_invalid` while a
 * store is opened, `object_store_unavailable` later.
 */
export function explainS3(error: unknown, doing: string, code: ErrorCode): CinelakeError {
  if (error instanceof CinelakeError) return error;
  const failure = failureOf(error);
  const said = `${doing}: ${ADVICE[failure] ?? "the service refuses the request"} (${saidBy(error)})`;
  if (failure === "full") return new CinelakeError("disk_full", said, { cause: error });
  if (failure === "closed") return new CinelakeError("aborted", said, { cause: error });
  if (failure === "key_conflict") return new CinelakeError("invalid_argument", said, { cause: error });
  return new CinelakeError(code, said, { cause: error });
}

const ADVICE: Partial<Record<S3Failure, string>> = {
  again:
    "the service cannot be reached or does not answer. See that it runs and that its address is right, then repeat",
  missing_bucket: "the bucket does not exist. Make it, or correct its name",
  key_conflict: "a key cannot be an object and a folder of others at once",
  full: "no space left. Free some space; nothing was changed",
  denied: "access is denied. Check the credentials (AWS_ACCESS_KEY_ID, AWS_PROFILE) and their rights on the bucket",
  no_credentials:
    "there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with AWS_PROFILE",
  wrong_region: "the region is missing or another one. Give the bucket's region by AWS_REGION or region=",
  closed: "the store was closed meanwhile",
};

interface Facts {
  readonly name: string;
  /** Of the operating system or of Node. */
  readonly code: string | undefined;
  readonly status: number | undefined;
}

function factsOf(error: Error): Facts {
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return {
    name: error.name,
    code: typeof code === "string" ? code : undefined,
    status: $metadata?.httpStatusCode,
  };
}

/** "403 SignatureDoesNotMatch: ...", "ECONNREFUSED: ..."; some errors say nothing but their name. */
function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, code, status } = factsOf(error);
  const what = [status, name === "Error" || name === "AggregateError" ? code : name].filter(Boolean).join(" ");
  const text = error.message.split("\n")[0]?.trim();
  return text && text !== "UnknownError" ? `${what || "error"}: ${text}` : what || "no reason given";
}
