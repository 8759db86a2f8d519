import { CinelakeError } from "@cinelake/contracts/errors";
import { checkKey } from "./keys.ts";

/** Where in which S3-compatible service a store's objects are. */
export interface S3Location {
  readonly bucket: string;
  /** What the store's keys have in front of them in the bucket: empty, or with "/" at its end. */
  readonly prefix: string;
  /** Origin of the service; undefined for AWS. */
  readonly endpoint: string | undefined;
  /** Undefined where the AWS profile files may still name it. */
  readonly region: string | undefined;
  /** Bucket in the path (http://host/bucket/key), not in the host's name. */
  readonly pathStyle: boolean;
}

const PARAMETERS = ["endpoint", "region", "path_style"];
const SHAPE = /^s3:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

/**
 * Reads `s3://bucket/prefix?endpoint=...&region=...&path_style=true`. What the URL leaves out comes from AWS_ENDPOINT_URL_S3 or
 * AWS_ENDPOINT_URL and AWS_REGION or AWS_DEFAULT_REGION; with an endpoint the region is us-east-1 and buckets are in the path unless
 * something says otherwise. Fails with `config_invalid`, without repeating the URL: it may hold a secret by mistake.
 */
export function parseS3Url(url: string, env: Readonly<Record<string, string | undefined>>): S3Location {
  const [, bucket = "", path = "", query = ""] = SHAPE.exec(url) ?? refuse("it is not s3://bucket/prefix?parameters");
  if (/[@:]/.test(bucket)) refuse("credentials do not belong into it", CREDENTIALS);
  if (!BUCKET.test(bucket)) refuse(`${JSON.stringify(bucket)} is no name of a bucket`);
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (!PARAMETERS.includes(name)) {
      const advice = `It takes ${PARAMETERS.join(", ")}. ${CREDENTIALS}`;
      refuse(`it has an unknown parameter ${JSON.stringify(name)}`, advice);
    }
    if (parameters.getAll(name).length > 1) refuse(`it has two parameters ${name}`);
  }
  const given = (name: string, ...variables: string[]): string | undefined =>
    parameters.get(name) || variables.map((variable) => env[variable]?.trim()).find(Boolean) || undefined;
  const endpoint = originOf(given("endpoint", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"));
  const pathStyle = given("path_style") ?? String(endpoint !== undefined);
  if (pathStyle !== "true" && pathStyle !== "false") refuse("path_style must be true or false");
  return {
    bucket,
    prefix: prefixOf(path),
    endpoint,
    region: given("region", "AWS_REGION", "AWS_DEFAULT_REGION") ?? (endpoint ? "us-east-1" : undefined),
    pathStyle: pathStyle === "true",
  };
}

/** The URL of a location, for people and for opening it again. */
export function s3UrlOf(location: S3Location): string {
  const parameters = new URLSearchParams();
  if (location.endpoint) parameters.set("endpoint", location.endpoint);
  if (location.region) parameters.set("region", location.region);
  if (location.pathStyle !== (location.endpoint !== undefined))
    parameters.set("path_style", String(location.pathStyle));
  const path = location.prefix.split("/").map(encodeURIComponent).join("/").slice(0, -1);
  const query = parameters.size > 0 ? `?${parameters.toString().replaceAll("%3A", ":").replaceAll("%2F", "/")}` : "";
  return `s3://${location.bucket}${path && `/${path}`}${query}`;
}

const CREDENTIALS =
  "Give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE) or the machine's role";

function originOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.username || url?.password) refuse("credentials do not belong into its endpoint", CREDENTIALS);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.pathname !== "/" || url.search || url.hash)
    refuse("its endpoint is not http://host:port or https://host:port");
  return url.origin;
}

function prefixOf(path: string): string {
  const trimmed = path.replace(/\/$/, "");
  if (trimmed === "") return "";
  try {
    const prefix = decodeURIComponent(trimmed);
    checkKey(prefix);
    return `${prefix}/`;
  } catch (cause) {
    return refuse("its path is no prefix of keys", cause instanceof CinelakeError ? cause.message : undefined);
  }
}

function refuse(problem: string, advice = "Correct it, for example s3://bucket/lake?endpoint=http://host:9000"): never {
  throw new CinelakeError("config_invalid", `The S3 URL is refused: ${problem}. ${advice}`);
}
