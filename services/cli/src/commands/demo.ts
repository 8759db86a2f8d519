import { runBootstrap, runEtl, runFinalLists, runTraining } from "@cinelake/all_in_one";
import { findError } from "@cinelake/contracts";
import { currentManifest, type BootstrapOptions } from "@cinelake/ingest_bootstrap";
import type { Command, CommandContext } from "../command.ts";
import { bootstrapOptions, datasetOptions } from "./dataset_options.ts";
import { serve } from "./serve.ts";

export const demoCommand: Command = {
  name: "demo",
  summary: "From nothing to recommendations: loads MovieLens, runs the pipeline, serves the API.",
  options: datasetOptions("ml-latest-small"),
  owns: true,
  async run(context) {
    const { line } = context;
    line(await loadData(context, bootstrapOptions(context.options)));
    await runEtl(context);
    await runTraining(context);
    await runFinalLists(context);
    await serve(context, (address) => line(invitation(address)));
    return { json: { stopped: true }, text: "stopped" };
  },
};

/** Loads the data set; without a network, unless a source was named, the one that is there or the synthetic one. Says in one line which. */
async function loadData(context: CommandContext, options: BootstrapOptions): Promise<string> {
  const present = await currentManifest(context.house.store);
  const asked =
    options.source !== undefined || options.force || options.dataset !== demoCommand.options.dataset?.default;
  if (present && !asked) return `The lake holds ${present.dataset_name} already; using it`;
  try {
    const { manifest } = await runBootstrap(context, options);
    return `Data: ${manifest.dataset_name} from ${manifest.source_url}`;
  } catch (error) {
    if (options.source !== undefined || !findError(error, "network_unavailable")) throw error;
    context.line(
      `No network: ${options.dataset} cannot be downloaded, so the demo makes a synthetic data set of the same shape`,
    );
    const { manifest } = await runBootstrap(context, { ...options, dataset: "synthetic" });
    return `Data: ${manifest.dataset_name}, ${manifest.source_url}`;
  }
}

function invitation(address: string): string {
  return `
Cinelake serves ${address} (documentation at ${address}/docs). Try, in another terminal:

  curl '${address}/recommendations/1?k=10'
  curl '${address}/trending?k=10'
  ./cinelake events send --type rating --user 1 --movie 318 --rating 5

Ctrl-C stops it.`;
}
