import { startS3Server } from "@cinelake/testkit";
import { processTests } from "./process_tests.ts";

processTests("s3", async () => {
  const server = await startS3Server();
  Object.assign(process.env, server.environment);
  return { url: server.url("processes"), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
});
