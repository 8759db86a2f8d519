import { currentManifest, validateDataset } from "@cinelake/ingest_bootstrap";
import type { Command } from "../command.ts";

export const validateCommand: Command = {
  name: "validate",
  summary: "Checks a data set in Bronze: files, manifest, sizes, rows, checksums.",
  options: { dataset: { type: "string", description: "the data set; default the newest one", env: "DATASET" } },
  async run({ house, options, signal, step }) {
    const dataset =
      (options.dataset as string | undefined) ?? (await currentManifest(house.store))?.dataset_name ?? "ml-25m";
    const problems = await step(`validate ${dataset}`, (progress) =>
      validateDataset(house, dataset, { progress, signal }),
    );
    const lines = problems.map(({ subject, problem }) => `${subject}: ${problem}`);
    return {
      json: { dataset, valid: problems.length === 0, problems },
      text: problems.length === 0 ? `${dataset}: everything is as its manifest says` : lines.join("\n"),
      exitCode: problems.length === 0 ? 0 : 1,
    };
  },
};
