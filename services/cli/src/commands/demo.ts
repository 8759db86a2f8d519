import { runBootstrap, runEtl, runFinalLists, runTraining } from "@cinelake/all_in_one";
import { findError } from "@cinelake/contracts";
import { currentManifest, type BootstrapOptions, type Manifest } from "@cinelake/ingest_bootstrap";
import type { Command, CommandContext } from "../command.ts";
import { bootstrapOptions, datasetOptions } from "./dataset_options.ts";
import { serve } from "./serve.ts";

const DEFAULT_DATASET = "ml-latest-small";

export const demoCommand: Command = {
  name: "demo",
  summary: "From nothing to recommendations: loads MovieLens, runs the pipeline, serves the API.",
  options: datasetOptions(DEFAULT_DATASET),
  owns: true,
  async run(context) {
    const { line } = context;
    const manifest = await loadData(context, bootstrapOptions(context.options));
    line(`Data: ${manifest.dataset_name} from ${manifest.source_url}`);
    await runEtl(context, manifest.dataset_name);
    await runTraining(context);
    await runFinalLists(context);
    await serve(context, (address) => line(invitation(address, context.house.configuration.dataDirectory)));
    return { json: { stopped: true }, text: "stopped" };
  },
};

/** Loads the data set, unless one is there and no other was asked for; without a network the synthetic one, and says so in one line. */
async function loadData(context: CommandContext, options: BootstrapOptions): Promise<Manifest> {
  const present = await currentManifest(context.house.store);
  const asked = options.source !== undefined || options.force || options.dataset !== DEFAULT_DATASET;
  if (present && !asked) return present;
  try {
    return (await runBootstrap(context, options)).manifest;
  } catch (error) {
    if (options.source !== undefined || !findError(error, "network_unavailable")) throw error;
    context.line(
      `No network: ${options.dataset} cannot be downloaded, so the demo makes a synthetic data set of the same shape`,
    );
    return (await runBootstrap(context, { ...options, dataset: "synthetic" })).manifest;
  }
}

/** Three commands to try; those of another data directory say which. */
function invitation(address: string, dataDirectory: string): string {
  const elsewhere = dataDirectory === ".data" ? "" : `DATA_DIR='${dataDirectory}' `;
  return `
Cinelake serves ${address} (documentation at ${address}/docs). Try, in another terminal:

  curl '${address}/recommendations/1?k=10'
  curl '${address}/trending?k=10'
  ${elsewhere}./cinelake events send --type rating --user 1 --movie 318 --rating 5

Ctrl-C stops it.`;
}
