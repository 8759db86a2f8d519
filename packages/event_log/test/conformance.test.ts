import { pathToFileURL } from "node:url";
import { temporaryDirectory } from "@cinelake/testkit";
import { eventLogConformance } from "../src/conformance.ts";
import { openEventLog, type EventLog } from "../src/index.ts";

eventLogConformance("memory", async () => {
  const log = await openEventLog("memory:");
  return { log, close: async () => log[Symbol.asyncDispose]() };
});

eventLogConformance("file", async () => {
  const folder = await temporaryDirectory();
  const url = pathToFileURL(`${folder.path}/log with space%`).href;
  const logs: EventLog[] = [];
  const open = async (): Promise<EventLog> => {
    const log = await openEventLog(url);
    logs.push(log);
    return log;
  };
  return {
    log: await open(),
    reopen: open,
    close: async () => {
      for (const log of logs) await log[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

eventLogConformance("file, in segments of a few records", async () => {
  const folder = await temporaryDirectory();
  const open = (): Promise<EventLog> => openEventLog(folder.path, { segmentBytes: 200 });
  let log = await open();
  return {
    log,
    reopen: async () => {
      await log[Symbol.asyncDispose]();
      log = await open();
      return log;
    },
    close: async () => {
      await log[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});
