import { openMetadata } from "@cinelake/metadata";
import { startPostgresServer, type PostgresServer } from "@cinelake/testkit";
import { openTracking } from "@cinelake/tracking";
import { trackingConformance } from "@cinelake/tracking/conformance";
import { afterAll, beforeAll } from "vitest";

let server: PostgresServer;
beforeAll(async () => void (server = await startPostgresServer()));
afterAll(() => server[Symbol.asyncDispose]());

trackingConformance({
  name: "metadata: on postgres",
  async fresh() {
    const resources = new AsyncDisposableStack();
    const database = resources.use(await server.createDatabase());
    return {
      open: async () => openTracking("metadata:", { metadata: resources.use(await openMetadata(database.url)) }),
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
});
