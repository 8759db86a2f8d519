import { randomUUID } from "node:crypto";
import { startS3Server, type S3Server } from "@cinelake/testkit";
import { afterAll, beforeAll } from "vitest";
import { objectStoreConformance } from "../src/conformance.ts";
import { openObjectStore } from "../src/index.ts";

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
  Object.assign(process.env, server.environment);
});
afterAll(() => server[Symbol.asyncDispose]());

objectStoreConformance("s3", async () => {
  const url = server.url(`conformance/lake with space%25+/${randomUUID()}`);
  const store = await openObjectStore(url);
  return {
    store,
    reopen: () => openObjectStore(url),
    close: async () => store[Symbol.asyncDispose](),
  };
});
