import { createApiService } from "@cinelake/api";
import { composeServices, reportServiceHealth, type Service } from "@cinelake/runtime";
import { createStreamConsumer, type StreamConsumer } from "@cinelake/stream_consumer";
import { createTrendingAggregator } from "@cinelake/trending_aggregator";
import type { House } from "./house.ts";

export interface LivePlatform extends Service {
  /** Where the API listens, once started. */
  readonly address: () => string;
  readonly streamConsumer: StreamConsumer;
}

/** The live services over one house: stream consumer, trending aggregator and API, started in this order and stopped in reverse. */
export function createPlatform(house: House): LivePlatform {
  const { configuration, ...ports } = house;
  const streamConsumer = createStreamConsumer(ports, {
    flushRows: configuration.flushRows,
    flushIntervalMs: configuration.flushIntervalMs,
    compactIntervalMs: configuration.compactIntervalMs,
  });
  const trending = createTrendingAggregator({
    ...ports,
    options: { tableIntervalMs: configuration.trendingTableIntervalMs },
  });
  const api = createApiService(ports, configuration.api);
  const parts = [streamConsumer, trending, api];
  reportServiceHealth(house.metrics, parts);
  const services = composeServices("cinelake", parts);
  return { ...services, address: () => api.address(), streamConsumer };
}
