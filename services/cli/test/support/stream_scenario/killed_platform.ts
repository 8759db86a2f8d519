import { createPlatform, loadConfiguration, openHouse } from "@cinelake/all_in_one";
import { runService } from "@cinelake/runtime";
import { killAtStep } from "./kill_at_step.ts";

/** The whole platform in one process, as `./cinelake serve` runs it, which kills itself at a step of its stream consumer. */
await using house = await openHouse(loadConfiguration(process.env));
process.exitCode = await runService(createPlatform(killAtStep(house)), { logger: house.logger });
