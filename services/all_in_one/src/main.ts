import { createLogger, endOnUncaught, endProcess, runService } from "@cinelake/runtime";
import { loadConfiguration } from "./configuration.ts";
import { openHouse } from "./house.ts";
import { createPlatform } from "./platform.ts";

endOnUncaught({ logger: createLogger({ service: "cinelake" }) });
const house = await openHouse(loadConfiguration(process.env));
const exitCode = await runService(createPlatform(house), { logger: house.logger });
await house[Symbol.asyncDispose]();
endProcess(exitCode, { logger: house.logger });
