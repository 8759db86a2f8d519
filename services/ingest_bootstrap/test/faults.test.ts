import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { openTable, type SqlEngine } from "@cinelake/delta";
import { faulty, type FaultPlan } from "@cinelake/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootstrap, readManifest, validateDataset, type Manifest } from "../src/index.ts";
import { bronzeRows, emptyLake, keys, local, openEngine, ratingsPath, type Lake } from "./lake.ts";
import { smallZip } from "./zip_bytes.ts";

let engine: SqlEngine;
beforeAll(async () => void (engine = await openEngine()));
afterAll(() => engine[Symbol.asyncDispose]());

const folder = "bronze/movielens/small/";
const WRITES = new Set(["put", "putIfAbsent", "putFile", "delete"]);

/** The ports over a store that dies before its n-th write: from then on no call succeeds. */
function dyingAt(lake: Lake, n: number): { ports: Lake["ports"]; died: () => boolean } {
  let writes = 0;
  let dead = false;
  const before = (method: string): Error | undefined => {
    if (WRITES.has(method) && writes++ === n) dead = true;
    return dead ? new Error("killed") : undefined;
  };
  return { ports: { ...lake.ports, store: faulty(lake.store, { before }) }, died: () => dead };
}

/** The ports over a store whose n-th write takes effect and then fails. */
function losingAnswer(lake: Lake, n: number): { ports: Lake["ports"]; lost: () => boolean } {
  let writes = 0;
  const after = (method: string): Error | undefined =>
    WRITES.has(method) && writes++ === n ? new Error("lost") : undefined;
  return { ports: { ...lake.ports, store: faulty(lake.store, { after }) }, lost: () => writes > n };
}

/** What must be the same however often the bootstrap was interrupted. */
async function outcome(lake: Lake, manifest: Manifest): Promise<unknown> {
  return {
    id: manifest.ingestion_id,
    files: manifest.files,
    rows: await bronzeRows(lake, manifest.ingestion_id, ["ratings.csv"]),
    keys: await keys(lake.store, folder),
    problems: await validateDataset(lake, "small"),
  };
}

describe("a bootstrap that is killed", () => {
  test("at any write and run again gives the same tables, each row once", async () => {
    let expected: unknown;
    for (let n = 0; ; n++) {
      await using lake = await emptyLake(engine, "memory:");
      const path = await lake.source("a.zip", smallZip());
      const { ports, died } = dyingAt(lake, n);
      await bootstrap(ports, local(path)).catch(() => undefined);
      const result = await outcome(lake, (await bootstrap(lake.ports, local(path))).manifest);
      expected ??= result;
      expect(result, `write ${n}`).toEqual(expected);
      if (!died()) return expect(n).toBeGreaterThan(12);
    }
  }, 120_000);

  test("or gets an error for a write that took effect, and is run again: the same", async () => {
    let expected: unknown;
    for (let n = 0; ; n += 3) {
      await using lake = await emptyLake(engine, "memory:");
      const path = await lake.source("a.zip", smallZip());
      const { ports, lost } = losingAnswer(lake, n);
      await bootstrap(ports, local(path)).catch(() => undefined);
      const result = await outcome(lake, (await bootstrap(lake.ports, local(path))).manifest);
      expected ??= result;
      expect(result, `write ${n}`).toEqual(expected);
      if (!lost()) return;
    }
  }, 120_000);

  test("while it replaces a data set leaves the old manifest whole until the new one is", async () => {
    for (let n = 0; ; n += 4) {
      await using lake = await emptyLake(engine, "memory:");
      const old = await bootstrap(lake.ports, local(await lake.source("a.zip", smallZip())));
      const fresh = await lake.source(
        "b.zip",
        smallZip({ "ratings.csv": "userId,movieId,rating,timestamp\n9,9,1.0,7\n" }),
      );
      const { ports, died } = dyingAt(lake, n);
      await bootstrap(ports, local(fresh)).catch(() => undefined);
      const now = await readManifest(lake.store, "small");
      if (now?.run === 1) {
        expect(now).toEqual(old.manifest);
        expect((await bronzeRows(lake, now.ingestion_id))["ratings.csv"]?.length).toBe(3);
      }
      const { manifest } = await bootstrap(lake.ports, local(fresh));
      expect(manifest.run).toBe(2);
      expect((await bronzeRows(lake, manifest.ingestion_id))["ratings.csv"]).toMatchObject([{ user_id: "9" }]);
      expect(await validateDataset(lake, "small")).toEqual([]);
      if (!died()) return;
    }
  });

  test("and then run with another source: neither's rows are taken for the other's", async () => {
    await using lake = await emptyLake(engine, "memory:");
    const first = await lake.source("a.zip", smallZip());
    const other = await lake.source("b.zip", smallZip({ "tags.csv": "userId,movieId,tag,timestamp\n" }));
    const putFile: FaultPlan = {
      before: (method, [key]) =>
        method === "putFile" && key === `${folder}tags.csv` ? new Error("killed") : undefined,
    };
    await bootstrap({ ...lake.ports, store: faulty(lake.store, putFile) }, local(first)).catch(() => undefined);
    const { manifest, resumed } = await bootstrap(lake.ports, local(other));
    expect({ run: manifest.run, resumed }).toEqual({ run: 2, resumed: false });
    expect((await bronzeRows(lake, manifest.ingestion_id))["ratings.csv"]?.length).toBe(3);
    expect(await validateDataset(lake, "small")).toEqual([]);
  });
});

describe("a full disk", () => {
  for (const method of ["put", "putFile", "putIfAbsent"]) {
    test(`met in ${method}: disk_full, no file of the data set in the lake, and the next run succeeds`, async () => {
      for (const skip of [0, 3]) {
        await using lake = await emptyLake(engine, "memory:");
        const path = await lake.source("a.zip", smallZip());
        let calls = 0;
        const full: FaultPlan = { before: (name) => (name === method && calls++ >= skip ? noSpace() : undefined) };
        const error = await bootstrap({ ...lake.ports, store: faulty(lake.store, full) }, local(path)).catch(
          (e: unknown) => e,
        );
        if (calls <= skip) continue;
        expect(findError(error, "disk_full"), `${method} ${skip}`).toBeDefined();
        expect((await keys(lake.store, folder)).filter((key) => !key.endsWith("_pending.json"))).toEqual([]);
        expect((await bootstrap(lake.ports, local(path))).status).toBe("ingested");
        expect(await validateDataset(lake, "small")).toEqual([]);
      }
    });
  }
});

const noSpace = (): Error => Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

describe("validateDataset names what is wrong", () => {
  const damaged: Record<string, { damage: (lake: Lake) => Promise<unknown>; says: [string, string] }> = {
    "a missing manifest": {
      damage: (lake) => lake.store.delete(`${folder}_manifest.json`),
      says: ["_manifest.json", "missing"],
    },
    "a manifest that is no JSON": {
      damage: (lake) => lake.store.put(`${folder}_manifest.json`, Buffer.from("{")),
      says: ["_manifest.json", "cannot be read"],
    },
    "a missing file": { damage: (lake) => lake.store.delete(`${folder}tags.csv`), says: ["tags.csv", "is missing"] },
    "another size": {
      damage: (lake) => lake.store.put(`${folder}tags.csv`, Buffer.from("userId")),
      says: ["tags.csv", "6 bytes"],
    },
    "a changed byte": {
      damage: async (lake) => {
        const bytes = Buffer.from(await lake.store.get(`${folder}ratings.csv`));
        bytes[bytes.length - 3]! ^= 1;
        await lake.store.put(`${folder}ratings.csv`, bytes);
      },
      says: ["ratings.csv", "MD5"],
    },
    "rows of another run": {
      damage: async (lake) => {
        const manifest = (await readManifest(lake.store, "small"))!;
        const text = JSON.stringify({ ...manifest, ingestion_id: "small-other-9" });
        await lake.store.put(`${folder}_manifest.json`, Buffer.from(text));
      },
      says: ["bronze_movielens_ratings_raw", "has 0 rows"],
    },
    "rows that are there twice while others are not": {
      damage: async (lake) => {
        const manifest = (await readManifest(lake.store, "small"))!;
        const table = await openTable({ store: lake.store, engine: lake.engine, path: ratingsPath });
        const { ingestion_ts, ingestion_date } = manifest;
        const rows = [1, 2, 2].map((row_number) => ({
          user_id: "1",
          movie_id: "1",
          rating: "4.0",
          timestamp: "5",
          dataset_name: "small",
          ingestion_id: "small-twice-9",
          row_number,
          ingestion_ts,
          ingestion_date,
        }));
        await table.append({ rows });
        const text = JSON.stringify({ ...manifest, ingestion_id: "small-twice-9" });
        await lake.store.put(`${folder}_manifest.json`, Buffer.from(text));
      },
      says: ["bronze_movielens_ratings_raw", "not 1 to 3"],
    },
    "a missing table": {
      damage: async (lake) => {
        for (const key of await keys(lake.store, ratingsPath)) await lake.store.delete(key);
      },
      says: ["bronze_movielens_ratings_raw", "does not exist"],
    },
    "an interrupted run": {
      damage: async (lake) => {
        const fails: FaultPlan = { before: (method) => (method === "putFile" ? new Error("killed") : undefined) };
        const other = join(lake.path, "b.zip");
        await writeFile(other, smallZip({ "tags.csv": "userId,movieId,tag,timestamp\n" }));
        await bootstrap({ ...lake.ports, store: faulty(lake.store, fails) }, local(other)).catch(() => undefined);
      },
      says: ["small", "interrupted"],
    },
  };
  for (const [what, { damage, says }] of Object.entries(damaged)) {
    test(what, async () => {
      await using lake = await emptyLake(engine, "memory:");
      await bootstrap(lake.ports, local(await lake.source("a.zip", smallZip())));
      await damage(lake);
      const problems = await validateDataset(lake, "small");
      const [subject, problem] = says;
      expect(
        problems.some((one) => one.subject.includes(subject) && one.problem.includes(problem)),
        JSON.stringify(problems),
      ).toBe(true);
    });
  }

  test("a data set that was never ingested", async () => {
    await using lake = await emptyLake(engine, "memory:");
    expect(await validateDataset(lake, "small")).toHaveLength(1);
    expect(await keys(lake.store)).toEqual([]);
  });
});
