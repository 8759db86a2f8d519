import { temporaryDirectory } from "@cinelake/testkit";
import { processTests } from "./process_tests.ts";

processTests("file", async () => {
  const folder = await temporaryDirectory();
  return { url: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
});
