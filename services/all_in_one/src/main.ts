import { runService } from "@cinelake/runtime";
import { loadConfiguration } from "./configuration.ts";
import { openHouse } from "./house.ts";
import { createPlatform } from "./platform.ts";

await using house = await openHouse(loadConfiguration(process.env));
process.exitCode = await runService(createPlatform(house), { logger: house.logger });
