import { metadataConformance } from "@cinelake/metadata/conformance";
import { startPostgresServer, type PostgresServer } from "@cinelake/testkit";
import { afterAll, beforeAll } from "vitest";

let server: PostgresServer;
beforeAll(async () => void (server = await startPostgresServer()));
afterAll(() => server[Symbol.asyncDispose]());

metadataConformance({ name: "postgres", fresh: () => server.createDatabase() });
