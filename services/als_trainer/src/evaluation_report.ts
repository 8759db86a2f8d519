import type { Evaluation, ProtocolResult, ValidationRow } from "./evaluate_ratings.ts";
import type { ProtocolName } from "./protocols.ts";

/** The evaluation as text for a terminal. */
export function formatEvaluation(evaluation: Evaluation): string {
  const settings = Object.entries(evaluation.settings).map(([name, value]) => `${name} ${value}`);
  return [
    `${evaluation.ratings} ratings, ${evaluation.users} users, ${evaluation.movies} films`,
    ...validationTable("Settings on the validation parts (NDCG@10)", evaluation.grid),
    ...validationTable(
      "Meanings of stars on the validation parts, shipped settings (NDCG@10)",
      evaluation.preference_shapes,
    ),
    "",
    `Settings on the test parts: ${settings.join(", ")}`,
    ...evaluation.protocols.flatMap(resultTable),
  ].join("\n");
}

function validationTable(title: string, rows: readonly ValidationRow[]): string[] {
  if (rows.length === 0) return [];
  const names = Object.keys(rows[0]!["validation_ndcg@10"]) as ProtocolName[];
  const best = Math.max(...rows.map((row) => row.lift_over_popularity));
  return [
    "",
    title,
    ...table([
      ["", ...names, "x popularity"],
      ...rows.map((row) => [
        row.name,
        ...names.map((each) => row["validation_ndcg@10"][each]!.toFixed(4)),
        `${row.lift_over_popularity.toFixed(3)}${row.lift_over_popularity === best ? " <" : ""}`,
      ]),
    ]),
  ];
}

function resultTable(result: ProtocolResult): string[] {
  const rows = result.methods.map(({ method, metrics, intervals_95 }) => [
    method,
    ...["ndcg@10", "recall@10", "hr@10"].map(
      (name) => `${metrics[name]!.toFixed(4)} [${intervals_95[name]!.map((end) => end.toFixed(4)).join(", ")}]`,
    ),
    metrics["coverage@10"]!.toFixed(4),
    metrics["ndcg@100"]!.toFixed(4),
  ]);
  return [
    "",
    `${result.protocol}: ${result.title}`,
    `${result.train_ratings} ratings to train on, ${result.held_out_ratings} held out of ${result.methods[0]!.users} users; 95 % intervals over users`,
    ...table([["", "ndcg@10", "recall@10", "hr@10", "coverage@10", "ndcg@100"], ...rows]),
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()}`,
  );
}
