import { runBootstrap } from "@cinelake/all_in_one";
import type { Command } from "../command.ts";
import { bootstrapOptions, datasetOptions } from "./dataset_options.ts";

export const bootstrapCommand: Command = {
  name: "bootstrap",
  summary: "Loads a MovieLens data set into Bronze.",
  options: datasetOptions("ml-25m"),
  async run(context) {
    const { status, manifest } = await runBootstrap(context, bootstrapOptions(context.options));
    const rows = manifest.tables.map(
      ({ name, rows: count }) => `  ${name.padEnd(30)}${count.toLocaleString("en-US").padStart(14)} rows`,
    );
    const head =
      status === "unchanged"
        ? `${manifest.dataset_name} is in Bronze already (${manifest.ingestion_id}); FORCE=1 or --force loads it again`
        : `${manifest.dataset_name} is in Bronze (${manifest.ingestion_id})`;
    return { json: { status, manifest }, text: [head, ...rows].join("\n") };
  },
};
