import { join } from "node:path";
import { openObjectStore } from "@cinelake/object_store";
import { bootstrap } from "../src/index.ts";
import { openEngine } from "./lake.ts";

/** A process that bootstraps a small synthetic data set into a folder and gets SIGKILL at the beginning or end of the step it is told. */
const [folder = "", killAt] = process.argv.slice(2);
await using store = await openObjectStore(join(folder, "lakehouse"));
await using engine = await openEngine();
const synthetic = { users: 30, movies: 300, ratings: 2000 };
await bootstrap(
  { store, engine, downloads: join(folder, "downloads") },
  { dataset: "synthetic", synthetic },
  (step) => {
    if (killAt === `${step.name} ${step.done === step.total ? "ends" : "begins"}`) process.kill(process.pid, "SIGKILL");
  },
);
