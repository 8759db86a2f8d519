import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findError } from "@cinelake/contracts";
import { describe, expect, test } from "vitest";
import type { Metadata } from "./metadata.ts";
import { openMetadata } from "./open.ts";

/** What an adapter gives the suite: a fresh, empty database per test, at a URL that any process can open. */
export interface MetadataUnderTest {
  readonly name: string;
  fresh(): Promise<AsyncDisposable & { readonly url: string }>;
}

const model = (version: string) => ({ modelVersion: version, snapshotKey: `models/${version}`, details: { hr: 0.5 } });
const openUrl = fileURLToPath(new URL("./open.ts", import.meta.url));

/** Registers one test per guarantee of `Metadata`. */
export function metadataConformance(adapter: MetadataUnderTest): void {
  describe(`metadata guarantees: ${adapter.name}`, () => {
    test("migrations_run_once", async () => {
      await using fresh = await adapter.fresh();
      const opened = await Promise.all([openMetadata(fresh.url), openMetadata(fresh.url), openMetadata(fresh.url)]);
      await opened[0].promoteModel(model("one"), 0);
      expect((await opened[2].servingModel())?.modelVersion).toBe("one");
      for (const metadata of opened) await metadata[Symbol.asyncDispose]();
      await using again = await openMetadata(fresh.url);
      expect((await again.servingModel())?.modelVersion).toBe("one");
      const applied = await migrationsOf(again).selectFrom("kysely_migration").select("name").execute();
      expect(new Set(applied.map((row) => row.name)).size).toBe(applied.length);
    });

    test("newer_databases_are_refused", async () => {
      await using fresh = await adapter.fresh();
      {
        await using metadata = await openMetadata(fresh.url);
        await migrationsOf(metadata)
          .insertInto("kysely_migration")
          .values({ name: "9999_from_the_future", timestamp: new Date().toISOString() })
          .execute();
      }
      const error: unknown = await openMetadata(fresh.url).catch((thrown: unknown) => thrown);
      expect(findError(error, "metadata_newer")?.message).toContain("9999_from_the_future");
    });

    test("commits_are_durable", async () => {
      await using fresh = await adapter.fresh();
      await promoteAndDie(fresh.url);
      await using metadata = await openMetadata(fresh.url);
      expect((await metadata.servingModel())?.modelVersion).toBe("written-before-the-kill");
    });

    test("transactions_are_atomic", async () => {
      await using fresh = await adapter.fresh();
      await using metadata = await openMetadata(fresh.url);
      await using reader = await openMetadata(fresh.url);
      const run = { experiment: "e", status: "running", started_at: 1, finished_at: null };
      const transaction = metadata.db.transaction().execute(async (within) => {
        await within
          .insertInto("runs")
          .values({ ...run, run_id: "a", name: "a" })
          .execute();
        expect(await reader.db.selectFrom("runs").selectAll().execute()).toEqual([]);
        await within
          .insertInto("runs")
          .values({ ...run, run_id: "a", name: "twice" })
          .execute();
      });
      await expect(transaction).rejects.toThrow();
      expect(await reader.db.selectFrom("runs").selectAll().execute()).toEqual([]);
      await metadata.db.transaction().execute(async (within) => {
        await within
          .insertInto("runs")
          .values({ ...run, run_id: "a", name: "a" })
          .execute();
        await within.insertInto("run_params").values({ run_id: "a", key: "k", value: "v" }).execute();
      });
      expect(await reader.db.selectFrom("run_params").selectAll().execute()).toHaveLength(1);
    });

    test("transactions_wait_for_each_other", async () => {
      await using fresh = await adapter.fresh();
      await using first = await openMetadata(fresh.url);
      await using second = await openMetadata(fresh.url);
      await first.db
        .insertInto("runs")
        .values({ run_id: "r", experiment: "e", name: "n", status: "running", started_at: 0, finished_at: null })
        .execute();
      const increment = (metadata: Metadata) =>
        metadata.db.transaction().execute(async (within) => {
          const { started_at } = await within.selectFrom("runs").select("started_at").executeTakeFirstOrThrow();
          await within
            .updateTable("runs")
            .set({ started_at: Number(started_at) + 1 })
            .execute();
        });
      await Promise.all(Array.from({ length: 20 }, (_, index) => increment(index % 2 === 0 ? first : second)));
      const row = await first.db.selectFrom("runs").select("started_at").executeTakeFirstOrThrow();
      expect(Number(row.started_at)).toBe(20);
    });

    test("numbers_are_numbers", async () => {
      await using fresh = await adapter.fresh();
      await using metadata = await openMetadata(fresh.url);
      const times = { started_at: Number.MAX_SAFE_INTEGER, finished_at: -1 };
      await metadata.db
        .insertInto("runs")
        .values({ run_id: "r", experiment: "e", name: "n", status: "failed", ...times })
        .execute();
      const values = [0.1 + 0.2, -1e-300, 1e300, 5e-324].map((value, step) => ({ value, step }));
      const point = { run_id: "r", key: "k", logged_at: 0 };
      await metadata.db
        .insertInto("run_metrics")
        .values(values.map((each) => ({ ...point, ...each })))
        .execute();
      const read = metadata.db.selectFrom("runs").select(["started_at", "finished_at"]);
      expect(await read.executeTakeFirst()).toEqual(times);
      const metrics = metadata.db.selectFrom("run_metrics").select(["value", "step"]).orderBy("step");
      expect(await metrics.execute()).toEqual(values);
    });

    test("promote_is_compare_and_set", async () => {
      await using fresh = await adapter.fresh();
      await using first = await openMetadata(fresh.url);
      await using second = await openMetadata(fresh.url);
      expect(await first.servingModel()).toBeUndefined();
      for (let revision = 0; revision < 3; revision++) {
        const race = await Promise.allSettled([
          first.promoteModel(model(`left-${revision}`), revision),
          second.promoteModel(model(`right-${revision}`), revision),
        ]);
        const lost = race.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
        expect(lost.map((reason) => findError(reason)?.code)).toEqual(["metadata_conflict"]);
        const won = race.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
        expect(won[0]?.revision).toBe(revision + 1);
        expect(await second.servingModel()).toEqual(won[0]);
      }
      await expect(first.promoteModel(model("late"), 1)).rejects.toThrow("revision 3");
    });
  });
}

function migrationsOf(metadata: Metadata) {
  return metadata.db.withTables<{ kysely_migration: { name: string; timestamp: string } }>();
}

/** A process of its own promotes a model, says so, and is killed without any chance to tidy up. */
async function promoteAndDie(url: string): Promise<void> {
  const script = `
    const { openMetadata } = await import(${JSON.stringify(openUrl)});
    const metadata = await openMetadata(${JSON.stringify(url)});
    await metadata.promoteModel({ modelVersion: "written-before-the-kill", snapshotKey: "k", details: {} }, 0);
    process.stdout.write("committed");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const said = await Promise.race([once(child.stdout, "data"), gone.then(() => [])]);
  child.kill("SIGKILL");
  await gone;
  expect(String(said[0])).toBe("committed");
}
