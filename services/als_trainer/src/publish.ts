import { encodeSnapshot } from "@cinelake/als";
import { ratingMatrix } from "@cinelake/evaluation";
import { findLakeTable, INPUT_PROPERTY, openLakeTable, type LakePorts } from "@cinelake/lake";
import { goldRows, type Stamp, type Trained } from "./gold_rows.ts";
import { COMPUTED_PROPERTY, GOLD_TABLES, type GoldTable, type PublishedState, type TrainingPlan } from "./plan.ts";
import type { TrainerPorts } from "./ports.ts";

/** What of the identified model is there already. */
export async function publishedState(
  ports: TrainerPorts,
  model: Pick<TrainingPlan, "snapshotKey">,
): Promise<PublishedState> {
  const tables = {} as Record<GoldTable, PublishedState["tables"][GoldTable]>;
  for (const name of GOLD_TABLES) tables[name] = await goldState(ports, name);
  return {
    tables,
    snapshotExists: (await ports.store.head(model.snapshotKey)) !== undefined,
    servingVersion: (await ports.metadata.servingModel())?.modelVersion,
  };
}

/** Replaces a Gold table's rows by the model's, in one commit that also carries the fingerprint and the time. */
export async function writeGoldTable(
  ports: LakePorts,
  name: GoldTable,
  trained: Trained,
  stamp: Stamp,
  fingerprint: string,
): Promise<void> {
  const table = await openLakeTable(ports, name);
  await table.overwrite(
    { rows: goldRows(name, trained, stamp) },
    {
      allowEmpty: true,
      configuration: { [INPUT_PROPERTY]: fingerprint, [COMPUTED_PROPERTY]: String(stamp.computedAt) },
    },
  );
}

/** Puts the file that serving reads. */
export async function writeSnapshot(
  { store }: LakePorts,
  plan: Pick<TrainingPlan, "modelVersion" | "snapshotKey">,
  { model, data }: Trained,
  nextOffsets: Readonly<Record<string, number>>,
): Promise<void> {
  const bytes = encodeSnapshot({
    modelVersion: plan.modelVersion,
    options: model.options,
    userIds: data.userIds,
    userFactors: model.userFactors,
    movieIds: data.movieIds,
    itemFactors: model.itemFactors,
    ratings: ratingMatrix(data.ratings, (stars) => stars),
    ratingTimes: data.ratings.time,
    nextOffsets,
  });
  await store.put(plan.snapshotKey, bytes);
}

async function goldState(ports: LakePorts, name: GoldTable): Promise<PublishedState["tables"][GoldTable]> {
  const table = await findLakeTable(ports, name);
  if (!table) return undefined;
  const { [INPUT_PROPERTY]: input, [COMPUTED_PROPERTY]: computed } = (await table.snapshot()).configuration;
  return { ...(input !== undefined && { input }), ...(computed !== undefined && { computedAt: Number(computed) }) };
}
