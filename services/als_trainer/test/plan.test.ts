import { defaultAlsOptions } from "@cinelake/als";
import { describe, expect, test } from "vitest";
import { GOLD_TABLES, identifyModel, planTraining, type PublishedState } from "../src/plan.ts";

const source = { silver_ratings: { version: 3, input: "a" }, silver_events_ratings: null };
const model = identifyModel(source, defaultAlsOptions, 100);
const nothing: PublishedState = {
  tables: { gold_als_user_factors: undefined, gold_als_item_factors: undefined, gold_recommendations_als: undefined },
  snapshotExists: false,
  servingVersion: undefined,
};
const own = { input: model.fingerprint, computedAt: 7 };
const everything: PublishedState = {
  tables: { gold_als_user_factors: own, gold_als_item_factors: own, gold_recommendations_als: own },
  snapshotExists: true,
  servingVersion: model.modelVersion,
};

describe("identifyModel", () => {
  test("names a model by 12 hexadecimal digits, whatever the order of the options", () => {
    expect(model.modelVersion).toMatch(/^als-[0-9a-f]{12}$/);
    expect(model.snapshotKey).toBe(`models/${model.modelVersion}/snapshot.bin`);
    const reversed = Object.fromEntries(
      Object.entries(defaultAlsOptions).reverse(),
    ) as unknown as typeof defaultAlsOptions;
    expect(identifyModel(source, reversed, 100)).toEqual(model);
  });

  test("other data, options or list lengths are other models", () => {
    const others = [
      identifyModel({ ...source, silver_ratings: { version: 4, input: "a" } }, defaultAlsOptions, 100),
      identifyModel({ ...source, silver_ratings: { version: 3, input: "b" } }, defaultAlsOptions, 100),
      identifyModel({ ...source, silver_events_ratings: { version: 0, input: null } }, defaultAlsOptions, 100),
      identifyModel(source, { ...defaultAlsOptions, seed: 2 }, 100),
      identifyModel(source, defaultAlsOptions, 50),
    ];
    expect(new Set([model, ...others].map(({ modelVersion }) => modelVersion)).size).toBe(6);
  });
});

describe("planTraining", () => {
  test("does everything at first and nothing at last", () => {
    expect(planTraining(model, nothing)).toEqual({
      ...model,
      tables: GOLD_TABLES,
      writeSnapshot: true,
      promote: true,
      computedAt: undefined,
      train: true,
    });
    expect(planTraining(model, everything)).toMatchObject({
      tables: [],
      writeSnapshot: false,
      promote: false,
      train: false,
    });
  });

  test("goes on where an interrupted run stopped, with its time", () => {
    const half = {
      ...nothing,
      tables: { ...nothing.tables, gold_als_user_factors: own, gold_als_item_factors: { input: "x", computedAt: 9 } },
    };
    expect(planTraining(model, half)).toMatchObject({ tables: GOLD_TABLES.slice(1), computedAt: 7, train: true });
    expect(planTraining(model, { ...everything, servingVersion: "als-000000000000" })).toMatchObject({
      train: false,
      promote: true,
    });
    expect(planTraining(model, { ...everything, snapshotExists: false })).toMatchObject({
      tables: [],
      train: true,
      writeSnapshot: true,
    });
  });
});
