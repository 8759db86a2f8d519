import { tableSpec } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import { formatReport } from "../src/format_report.ts";
import { planEtl } from "../src/plan.ts";
import { gateRows, qualityReport, withinLimit, type Measurement } from "../src/quality.ts";

const now = Date.parse("2026-01-02T12:00:00Z");
const { lineages } = planEtl({ ingestionId: "i1", datasetName: "tiny" });

function measurement(failed: number, checked: number, fields: Partial<Measurement> = {}): Measurement {
  const findings = [
    { reason: null, nulled: null, rows: checked - failed },
    ...(failed > 0 ? [{ reason: "completeness: user_id; validity: rating", nulled: null, rows: failed }] : []),
  ];
  return {
    lineage: lineages.silver_ratings,
    checkedRows: checked,
    findings,
    keptRows: checked - failed,
    missing: [],
    newestIngestion: now - 60_000,
    ...fields,
  };
}

describe("quality report", () => {
  test("exactly the limit passes for every number of rows, one row more fails", () => {
    for (let failed = 1; failed < 20_000; failed++) {
      if (!withinLimit(failed, failed * 20, 0.05)) throw new Error(`${failed} of ${failed * 20} must pass`);
      if (withinLimit(failed + 1, failed * 20, 0.05)) throw new Error(`${failed + 1} of ${failed * 20} must fail`);
    }
    expect(withinLimit(0, 0, 0.05)).toBe(true);
  });

  test("a row that breaks two rules is one failed row, counted under both columns, and the reasons are named", () => {
    const report = qualityReport([measurement(6, 100)], { runId: "r", now });
    expect(report.passed).toBe(false);
    expect(gateRows(report.rows)).toMatchObject([
      { failed_rows: 6, passed: false, details: "limit 5 %; completeness: user_id; validity: rating (6)" },
    ]);
    const row = (rule: string, column: string) =>
      report.rows.find((each) => each.rule === rule && each.column_name === column);
    expect(row("completeness", "user_id")).toMatchObject({ checked_rows: 100, failed_rows: 6, passed: false });
    expect(row("validity", "rating")).toMatchObject({ failed_rows: 6 });
    expect(row("validity", "user_id")).toMatchObject({ failed_rows: 0, passed: true });
  });

  test("duplicates and placeholders are shown but do not count as failed", () => {
    const missing = [{ column: "movie_id", references: "silver_movies", rows: 40, keys: 3 }];
    const report = qualityReport([measurement(0, 100, { keptRows: 50, missing })], { runId: "r", now });
    expect(report.passed).toBe(true);
    expect(report.rows).toContainEqual(
      expect.objectContaining({ rule: "uniqueness", column_name: "*", failed_rows: 50, passed: true }),
    );
    expect(report.rows).toContainEqual(
      expect.objectContaining({ rule: "consistency", failed_rows: 40, details: "3 placeholders in silver_movies" }),
    );
  });

  test("old input is late, which is shown and stops nothing", () => {
    const report = qualityReport([measurement(0, 10, { newestIngestion: now - 2 * 3600_000 })], { runId: "r", now });
    expect(report.passed).toBe(true);
    expect(report.rows).toContainEqual(expect.objectContaining({ rule: "freshness", passed: false }));
  });

  test("rows fit gold_data_quality's primary key, and the terminal shows the verdict", () => {
    const report = qualityReport([measurement(6, 100), measurement(0, 10, { lineage: lineages.silver_movies })], {
      runId: "r",
      now,
    });
    const keys = report.rows.map((row) =>
      tableSpec("gold_data_quality")
        .primary_key.map((name) => row[name as "rule"])
        .join(),
    );
    expect(new Set(keys).size).toBe(keys.length);
    const text = formatReport(report);
    expect(text).toContain("FAILED");
    expect(text).toMatch(/silver_ratings +validity +\* +100 +6 +FAILED/);
  });
});

describe("plan", () => {
  test("the fingerprint follows the ingestion", () => {
    const one = planEtl({ ingestionId: "i1", datasetName: "tiny" });
    expect(planEtl({ ingestionId: "i1", datasetName: "tiny" }).fingerprint).toBe(one.fingerprint);
    expect(planEtl({ ingestionId: "i2", datasetName: "tiny" }).fingerprint).not.toBe(one.fingerprint);
  });
});
