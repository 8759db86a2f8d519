import { pathToFileURL } from "node:url";
import { temporaryDirectory } from "@cinelake/testkit";
import { objectStoreConformance } from "../src/conformance.ts";
import { openObjectStore } from "../src/index.ts";

objectStoreConformance("memory", async () => {
  const store = await openObjectStore("memory:");
  return { store, close: async () => store[Symbol.asyncDispose]() };
});

objectStoreConformance("file", async () => {
  const folder = await temporaryDirectory();
  const url = pathToFileURL(`${folder.path}/lake with space%`).href;
  const store = await openObjectStore(url);
  return {
    store,
    reopen: () => openObjectStore(url),
    close: async () => {
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});
