import {
  startKafkaBroker,
  startOwnPostgresServer,
  startOwnRedisServer,
  type KafkaBroker,
  type OwnPostgresServer,
  type OwnRedisServer,
} from "@cinelake/testkit";

/** What the platform runs on in production, each a process that a test may mistreat. */
export interface PlatformServers extends AsyncDisposable {
  readonly kafka: KafkaBroker;
  readonly redis: OwnRedisServer;
  readonly postgres: OwnPostgresServer;
  /** The variables that lead the platform to them. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts Kafka, Redis and PostgreSQL, all empty and gone with their scope. */
export async function startPlatformServers(): Promise<PlatformServers> {
  await using opened = new AsyncDisposableStack();
  const kafka = opened.use(await startKafkaBroker());
  const redis = opened.use(await startOwnRedisServer());
  const postgres = opened.use(await startOwnPostgresServer());
  const resources = opened.move();
  return {
    kafka,
    redis,
    postgres,
    environment: { LOG_URL: kafka.url, CACHE_URL: redis.url(), METADATA_URL: postgres.url },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
