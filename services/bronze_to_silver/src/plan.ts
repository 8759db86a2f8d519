import { createHash } from "node:crypto";
import { tableSpec, type TableName } from "@cinelake/contracts";
import { deduplicatedSql, stagingSql, type Lineage } from "./staging_sql.ts";
import { moviesSql, rejectsSql, usersSql } from "./target_sql.ts";

/** Silver tables made from a Bronze table, in the order in which they are staged. */
export const STAGED_TABLES = ["silver_movies", "silver_ratings", "silver_tags"] as const;
export type StagedTable = (typeof STAGED_TABLES)[number];

/** Every table of the job in the order of its commits: what is referenced comes before what refers to it. */
export const SILVER_TABLES = [
  "silver_movies",
  "silver_users",
  "silver_ratings",
  "silver_tags",
  "silver_rejects",
] as const satisfies readonly TableName[];

export type SilverTable = (typeof SILVER_TABLES)[number];

/** What a run would do, before anything is read. */
export interface EtlPlan {
  readonly lineages: Readonly<Record<StagedTable, Lineage>>;
  /** Hash of the ingestion and of every statement and column that makes the tables: equal means nothing to do. */
  readonly fingerprint: string;
  /** Identifies the run's rows in gold_data_quality; equal for equal fingerprints. */
  readonly runId: string;
}

/** The plan for one ingestion; pure. */
export function planEtl(input: { readonly ingestionId: string; readonly datasetName: string }): EtlPlan {
  const lineages = Object.fromEntries(STAGED_TABLES.map((name) => [name, lineageOf(name)])) as EtlPlan["lineages"];
  const good = { silver_movies: "movies", silver_ratings: "ratings", silver_tags: "tags" };
  const made = [
    ...STAGED_TABLES.flatMap((name) => [
      stagingSql(lineages[name], { source: "source", joined: "joined_source" }),
      deduplicatedSql(lineages[name].target, "staged"),
      rejectsSql(lineages[name].target, "staged", { ingestionId: "", rejectedTs: "" }),
    ]),
    moviesSql(good),
    usersSql(good),
    ...SILVER_TABLES.map((name) => {
      const { columns, partition_columns, max_failed_fraction } = tableSpec(name);
      return JSON.stringify([columns, partition_columns, max_failed_fraction]);
    }),
  ];
  const hash = createHash("sha256").update(JSON.stringify([input.ingestionId, input.datasetName, made]));
  const fingerprint = hash.digest("hex");
  return { lineages, fingerprint, runId: `bronze_to_silver-${fingerprint.slice(0, 16)}` };
}

function lineageOf(name: StagedTable): Lineage {
  const target = tableSpec(name);
  const { table, left_join } = target.source ?? {};
  if (table === undefined) throw new Error(`${name} has no source table in its specification`);
  return { target, source: tableSpec(table), ...(left_join && { joined: tableSpec(left_join.table) }) };
}
