import { setTimeout as delay } from "node:timers/promises";
import { findError } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import type { Tracking } from "./tracking.ts";

/** What an adapter gives the suite: a fresh place for records that any number of handles can open. */
export interface TrackingUnderTest {
  readonly name: string;
  fresh(): Promise<AsyncDisposable & { open(): Promise<Tracking> }>;
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "no error",
    (thrown: unknown) => findError(thrown)?.code,
  );

/** Registers one test per guarantee of `Tracking`. */
export function trackingConformance(adapter: TrackingUnderTest): void {
  describe(`tracking guarantees: ${adapter.name}`, () => {
    test("runs_are_found_again", async () => {
      await using fresh = await adapter.fresh();
      await using writer = await fresh.open();
      const first = await writer.startRun({ experiment: "als", name: "first", tags: { dataset: "tiny", empty: "" } });
      await delay(5);
      const second = await writer.startRun({ experiment: "als", name: "second" });
      await writer.startRun({ experiment: "other", name: "elsewhere" });
      await writer.logParams(first, { rank: 64, alpha: 0.5, implicit: true, note: "été" });
      await writer.logMetrics(first, { "ndcg@10": 0.25, loss: -1e-9 });
      await writer.finishRun(first, "finished");

      await using reader = await fresh.open();
      const run = await reader.run(first);
      expect(run).toMatchObject({
        runId: first,
        experiment: "als",
        name: "first",
        status: "finished",
        params: { rank: "64", alpha: "0.5", implicit: "true", note: "été" },
        metrics: { "ndcg@10": 0.25, loss: -1e-9 },
        tags: { dataset: "tiny", empty: "" },
      });
      expect(run.finishedAt).toBeGreaterThanOrEqual(run.startedAt);
      expect((await reader.run(second)).status).toBe("running");
      expect((await reader.run(second)).finishedAt).toBeUndefined();
      expect((await reader.runs("als")).map((found) => found.runId)).toEqual([second, first]);
      expect((await reader.runs("als"))[1]).toEqual(run);
      expect((await reader.runs("als", { limit: 1 })).map((found) => found.runId)).toEqual([second]);
      expect(await reader.runs("nothing")).toEqual([]);
    });

    test("params_are_write_once", async () => {
      await using fresh = await adapter.fresh();
      await using tracking = await fresh.open();
      const runId = await tracking.startRun({ experiment: "e", name: "n" });
      await tracking.logParams(runId, { rank: 64 });
      await tracking.logParams(runId, { rank: 64, alpha: 1 });
      expect(await codeOf(tracking.logParams(runId, { rank: 32 }))).toBe("invalid_argument");
      expect((await tracking.run(runId)).params).toEqual({ rank: "64", alpha: "1" });
    });

    test("metrics_keep_their_history", async () => {
      await using fresh = await adapter.fresh();
      await using tracking = await fresh.open();
      const runId = await tracking.startRun({ experiment: "e", name: "n" });
      for (const [step, loss] of [
        [2, 0.2],
        [0, 0.9],
        [1, 0.5],
      ] as const)
        await tracking.logMetrics(runId, { loss }, step);
      await tracking.logMetrics(runId, { loss: 0.4 }, 1);
      const points = await tracking.metricHistory(runId, "loss");
      expect(points.map(({ step, value }) => [step, value])).toEqual([
        [0, 0.9],
        [1, 0.4],
        [2, 0.2],
      ]);
      expect((await tracking.run(runId)).metrics).toEqual({ loss: 0.2 });
    });

    test("metrics_are_finite", async () => {
      await using fresh = await adapter.fresh();
      await using tracking = await fresh.open();
      const runId = await tracking.startRun({ experiment: "e", name: "n" });
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(await codeOf(tracking.logMetrics(runId, { fine: 1, bad }))).toBe("invalid_argument");
      }
      expect((await tracking.run(runId)).metrics).toEqual({});
    });

    test("model_versions_rise", async () => {
      await using fresh = await adapter.fresh();
      await using one = await fresh.open();
      await using other = await fresh.open();
      const runId = await one.startRun({ experiment: "e", name: "n" });
      const versions = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? one : other).registerModel({ name: "als", runId, source: `s/${index}` }),
        ),
      );
      expect(versions.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await one.registerModel({ name: "another", runId, source: "s" })).toBe(1);
    });

    test("aliases_move_atomically", async () => {
      await using fresh = await adapter.fresh();
      await using tracking = await fresh.open();
      const runId = await tracking.startRun({ experiment: "e", name: "n" });
      for (const source of ["s/1", "s/2"]) await tracking.registerModel({ name: "als", runId, source });
      expect(await tracking.modelVersion("als", "champion")).toBeUndefined();
      await tracking.setAlias("als", "champion", 1);
      expect(await tracking.modelVersion("als", "champion")).toEqual({ name: "als", version: 1, runId, source: "s/1" });
      await tracking.setAlias("als", "champion", 2);
      expect((await tracking.modelVersion("als", "champion"))?.version).toBe(2);
      expect(await codeOf(tracking.setAlias("als", "champion", 3))).toBe("not_found");
      expect((await tracking.modelVersion("als", "champion"))?.version).toBe(2);
    });

    test("missing_runs_fail", async () => {
      await using fresh = await adapter.fresh();
      await using tracking = await fresh.open();
      const none = "0".repeat(32);
      const calls = [
        tracking.run(none),
        tracking.logParams(none, { a: 1 }),
        tracking.logMetrics(none, { a: 1 }),
        tracking.metricHistory(none, "a"),
        tracking.finishRun(none, "failed"),
        tracking.registerModel({ name: "als", runId: none, source: "s" }),
      ];
      expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => "not_found"));
    });
  });
}
