export { startFaultyProxy, type FaultyProxy, type ProxiedRequest, type ProxyFault } from "./faulty_proxy.ts";
export { startKafka, startKafkaBroker, type KafkaBroker, type KafkaServer } from "./kafka_server.ts";
export { startS3Server, type S3Server } from "./s3_server.ts";
export { faulty, counting, type FaultPlan } from "./wrappers.ts";
export { startOtlpCollector, type CollectedSpan, type OtlpCollector } from "./otlp_collector.ts";
export { freePort } from "./server_process.ts";
export { openChdb, openDeltaRs, type Chdb, type DeltaRs } from "./other_engines.ts";
export { seededRandom, type SeededRandom } from "./random.ts";
export { sharedFile } from "./shared_files.ts";
export { temporaryDirectory, type TemporaryDirectory } from "./temporary_directory.ts";
export {
  startOwnPostgresServer,
  startPostgresServer,
  type OwnPostgresServer,
  type PostgresServer,
} from "./postgres_server.ts";
export { startOwnRedisServer, startRedisServer, type OwnRedisServer, type RedisServer } from "./redis_server.ts";
export {
  burstEvents,
  communityLog,
  decayedCount,
  detectionDelays,
  inOrder,
  precisionAtK,
  replay,
  syntheticRatings,
  trendingList,
  type Burst,
  type ReplayEvent,
  type TrendingSystem,
} from "./trending_replay.ts";
export {
  attackSummary,
  attackUnderLoad,
  brokenPromises,
  type PlatformEvent,
  type TrendingPlatform,
} from "./trending_attacks.ts";
