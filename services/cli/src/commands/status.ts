import { EVENT_TOPICS, TABLE_NAMES } from "@cinelake/contracts";
import { currentManifest } from "@cinelake/ingest_bootstrap";
import { findLakeTable } from "@cinelake/lake";
import { maskUrl } from "@cinelake/runtime";
import type { Command, CommandContext } from "../command.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "What runs, what the lake holds, which model serves.",
  options: {},
  async run({ house }) {
    const [manifest, model, tables, topics] = await Promise.all([
      currentManifest(house.store),
      house.metadata.servingModel(),
      tableVersions(house),
      topicSizes(house),
    ]);
    const { urls } = house.configuration;
    const json = {
      owner: house.owner,
      lake: maskUrl(urls.lake),
      log: maskUrl(urls.log),
      cache: maskUrl(urls.cache),
      metadata: maskUrl(urls.metadata),
      dataset: manifest?.dataset_name ?? null,
      model: model?.modelVersion ?? null,
      tables,
      topics,
    };
    const lines = [
      `process   ${house.owner.pid}, since ${house.owner.startedAt}`,
      `lake      ${json.lake}`,
      `log       ${json.log}`,
      `cache     ${json.cache}`,
      `metadata  ${json.metadata}`,
      `data set  ${json.dataset ?? "none; run ./cinelake bootstrap"}`,
      `model     ${json.model ?? "none; run ./cinelake train"}`,
      ...tables.map(
        ({ name, version, rows }) => `table     ${name.padEnd(30)} version ${version}, ${rows ?? "?"} rows`,
      ),
      ...topics.map(({ topic, records }) => `topic     ${topic.padEnd(30)} ${records} records`),
    ];
    return { json, text: lines.join("\n") };
  },
};

async function tableVersions(
  house: CommandContext["house"],
): Promise<{ name: string; version: number; rows: number | null }[]> {
  const found = await Promise.all(
    TABLE_NAMES.map(async (name) => {
      const table = await findLakeTable(house, name);
      if (!table) return [];
      const { version, rowCount } = await table.snapshot();
      return [{ name, version, rows: rowCount ?? null }];
    }),
  );
  return found.flat();
}

async function topicSizes({ log }: CommandContext["house"]): Promise<{ topic: string; records: number }[]> {
  const { first, next } = await log.offsets(EVENT_TOPICS);
  return EVENT_TOPICS.map((topic) => {
    const partitions = [...next].filter(([key]) => key.startsWith(`${topic}/`));
    return { topic, records: partitions.reduce((sum, [key, offset]) => sum + offset - (first.get(key) ?? 0), 0) };
  });
}
