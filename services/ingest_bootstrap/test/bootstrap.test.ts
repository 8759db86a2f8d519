import { createHash, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { sharedFile } from "@cinelake/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SqlEngine } from "@cinelake/delta";
import { bootstrap, currentManifest, readManifest, validateDataset, type StepProgress } from "../src/index.ts";
import { fileServer, serveBytes } from "./file_server.ts";
import { bronzeRows, emptyLake, keys, local, openEngine, versions } from "./lake.ts";
import { SMALL_FILES, smallZip } from "./zip_bytes.ts";

let engine: SqlEngine;
beforeAll(async () => void (engine = await openEngine()));
afterAll(() => engine[Symbol.asyncDispose]());

const md5 = (bytes: string | Buffer): string => createHash("md5").update(bytes).digest("hex");
const folder = "bronze/movielens/small/";

describe("bootstrap", () => {
  test("files, tables and manifest of an archive", async () => {
    await using lake = await emptyLake(engine);
    const zip = smallZip({}, [{ name: "small/README.txt", content: "read me" }]);
    const path = await lake.source("a.zip", zip);
    const steps: StepProgress[] = [];
    const { status, resumed, manifest } = await bootstrap(lake.ports, local(path), (step) => steps.push(step));
    expect({ status, resumed }).toEqual({ status: "ingested", resumed: false });
    expect(manifest).toEqual(await readManifest(lake.store, "small"));
    expect(manifest).toMatchObject({
      dataset_name: "small",
      dataset_version: expect.stringMatching(/^[0-9a-f]{32}$/),
      source_url: expect.stringMatching(/^file:.*a\.zip$/),
      source_md5: md5(zip),
      ingestion_id: `small-${manifest.dataset_version.slice(0, 8)}-1`,
      ingestion_ts: "2026-01-02T23:59:59.000Z",
      ingestion_date: "2026-01-02",
      run: 1,
    });
    expect(manifest.files).toContainEqual({
      name: "movies.csv",
      size: Buffer.byteLength(SMALL_FILES["movies.csv"]!),
      rows: 2,
      md5: md5(SMALL_FILES["movies.csv"]!),
    });
    expect(manifest.files).toContainEqual({ name: "README.txt", size: 7, rows: null, md5: md5("read me") });
    expect(manifest.tables.map(({ name, rows }) => [name, rows])).toEqual([
      ["bronze_movielens_ratings_raw", 3],
      ["bronze_movielens_movies_raw", 2],
      ["bronze_movielens_tags_raw", 1],
      ["bronze_movielens_links_raw", 2],
    ]);
    expect(await keys(lake.store, folder)).toEqual(
      ["README.txt", "_manifest.json", "links.csv", "movies.csv", "ratings.csv", "tags.csv"].map(
        (name) => folder + name,
      ),
    );
    for (const [name, text] of Object.entries(SMALL_FILES)) {
      expect(Buffer.from(await lake.store.get(folder + name)).toString()).toBe(text);
    }
    const rows = await bronzeRows(lake, manifest.ingestion_id);
    expect(rows["links.csv"]).toMatchObject([
      { movie_id: "1", imdb_id: "0112346", tmdb_id: "9087", row_number: 1, dataset_name: "small" },
      { movie_id: "3", imdb_id: "0173714", tmdb_id: null, row_number: 2, dataset_name: "small" },
    ]);
    expect(await validateDataset(lake, "small")).toEqual([]);
    const ended = steps.filter(({ done, total }) => done === total).map(({ name }) => name);
    expect(new Set(ended)).toEqual(new Set(["extract", "check", ...manifest.tables.map(({ name }) => name)]));
  });

  test("again with the same source, or equal content in another wrapping: nothing is done", async () => {
    await using lake = await emptyLake(engine);
    const path = await lake.source("a.zip", smallZip());
    const { manifest } = await bootstrap(lake.ports, local(path));
    const before = [await versions(lake), await keys(lake.store)];
    const loose = join(lake.path, "loose");
    await mkdir(loose);
    for (const [name, text] of Object.entries(SMALL_FILES)) await writeFile(join(loose, name), text);
    const other = await lake.source("b.zip", smallZip({}, [{ name: "small/README.txt", content: "new words" }]));
    for (const source of [path, other, loose]) {
      expect(await bootstrap(lake.ports, local(source))).toEqual({ status: "unchanged", resumed: false, manifest });
    }
    expect([await versions(lake), await keys(lake.store)]).toEqual(before);
  });

  test("force ingests again under a new id and leaves the old rows", async () => {
    await using lake = await emptyLake(engine);
    const path = await lake.source("a.zip", smallZip());
    const first = await bootstrap(lake.ports, local(path));
    const second = await bootstrap(lake.ports, local(path, { force: true }));
    expect(second.manifest).toMatchObject({ run: 2, ingestion_id: first.manifest.ingestion_id.replace(/1$/, "2") });
    for (const { ingestion_id } of [first.manifest, second.manifest]) {
      expect((await bronzeRows(lake, ingestion_id))["ratings.csv"]?.length).toBe(3);
    }
    expect(await validateDataset(lake, "small")).toEqual([]);
  });

  test("a source with other content replaces the data set, files that it does not have included", async () => {
    await using lake = await emptyLake(engine);
    const old = await lake.source(
      "a.zip",
      smallZip({}, [{ name: "small/genome-tags.csv", content: "tagId,tag\n1,x\n" }]),
    );
    const fresh = await lake.source("b.zip", smallZip({ "tags.csv": "userId,movieId,tag,timestamp\n" }));
    await bootstrap(lake.ports, local(old));
    const { status, manifest } = await bootstrap(lake.ports, local(fresh));
    expect({ status, run: manifest.run }).toEqual({ status: "ingested", run: 2 });
    expect(manifest.tables[2]).toMatchObject({ name: "bronze_movielens_tags_raw", rows: 0 });
    expect(await keys(lake.store, folder)).not.toContain(`${folder}genome-tags.csv`);
    expect(await validateDataset(lake, "small")).toEqual([]);
  });

  test("a download: checked, kept, and not asked for again", async () => {
    await using lake = await emptyLake(engine);
    const zip = smallZip();
    await using server = await fileServer({
      "/small.zip": serveBytes(
        () => zip,
        () => '"1"',
      ),
      "/small.zip.md5": (_, response) => void response.end(md5(zip)),
    });
    const options = { dataset: "small", source: `${server.url}/small.zip`, transport: { proxyEnvironment: {} } };
    const { manifest } = await bootstrap(lake.ports, options);
    expect(manifest).toMatchObject({ source_url: options.source, source_md5: md5(zip) });
    const asked = server.requests.length;
    expect((await bootstrap(lake.ports, options)).status).toBe("unchanged");
    expect(server.requests.length).toBe(asked);
    expect((await bootstrap(lake.ports, { ...options, force: true })).manifest.run).toBe(2);
  });

  test("the synthetic data set is made by its parameters; without any, what is there is good enough", async () => {
    await using lake = await emptyLake(engine);
    const synthetic = { users: 20, movies: 200, ratings: 600 };
    const { manifest } = await bootstrap(lake.ports, { dataset: "synthetic", synthetic });
    expect(manifest.source_url).toBe("synthetic:v1?seed=42&users=20&movies=200&ratings=600");
    expect(manifest.tables[0]?.rows).toBe(600);
    expect((await bootstrap(lake.ports, { dataset: "synthetic", synthetic })).status).toBe("unchanged");
    expect((await bootstrap(lake.ports, { dataset: "synthetic" })).status).toBe("unchanged");
    const other = await bootstrap(lake.ports, { dataset: "synthetic", synthetic: { ...synthetic, seed: 7 } });
    expect(other).toMatchObject({ status: "ingested", manifest: { run: 2 } });
  });

  test("the current manifest is the one with the newest ingestion", async () => {
    await using lake = await emptyLake(engine);
    expect(await currentManifest(lake.store)).toBeUndefined();
    const path = await lake.source("a.zip", smallZip());
    await bootstrap(lake.ports, local(path, { dataset: "zzz" }));
    await bootstrap(lake.ports, local(path, { dataset: "aaa" }));
    expect((await currentManifest(lake.store))?.dataset_name).toBe("aaa");
    await bootstrap(lake.ports, local(path, { dataset: "zzz", force: true }));
    expect((await currentManifest(lake.store))?.dataset_name).toBe("zzz");
  });

  const header = "userId,movieId,rating,timestamp\n";
  const invalid: Record<string, { bytes: Buffer; code: string; says: string[] }> = {
    "a missing column": {
      bytes: smallZip({ "ratings.csv": "userId,movieId,stars,timestamp\n1,1,4.0,5\n" }),
      code: "dataset_invalid",
      says: ["ratings.csv", "rating", "userId, movieId, stars, timestamp"],
    },
    "a column twice": {
      bytes: smallZip({ "links.csv": "movieId,imdbId,tmdbId,movieId\n" }),
      code: "dataset_invalid",
      says: ["links.csv", "movieId twice"],
    },
    "a row with too few values": {
      bytes: smallZip({ "ratings.csv": `${header}1,1,4.0,5\n1,2\n` }),
      code: "dataset_invalid",
      says: ["ratings.csv, line 3", "2 values"],
    },
    "an open quote": {
      bytes: smallZip({ "movies.csv": 'movieId,title,genres\n1,"Open (1999),Drama\n' }),
      code: "dataset_invalid",
      says: ["movies.csv, line 2"],
    },
    "a line that the parser does not take": {
      bytes: smallZip({ "tags.csv": `userId,movieId,tag,timestamp\n1,1,"${randomBytes(3e6).toString("base64")}",5\n` }),
      code: "dataset_invalid",
      says: ["tags.csv cannot be read"],
    },
    "an empty file": { bytes: smallZip({ "tags.csv": "" }), code: "dataset_invalid", says: ["tags.csv", "empty"] },
    "a missing file": { bytes: smallZip({ "tags.csv": undefined }), code: "dataset_invalid", says: ["no tags.csv"] },
    "a truncated archive": { bytes: smallZip().subarray(0, 500), code: "archive_invalid", says: ["a.zip"] },
  };
  for (const [what, { bytes, code, says }] of Object.entries(invalid)) {
    test(`${what}: one clear error, and the lake is as it was`, async () => {
      await using lake = await emptyLake(engine);
      const path = await lake.source("a.zip", bytes);
      const error = await bootstrap(lake.ports, local(path)).catch((thrown: unknown) => findError(thrown));
      expect(error).toMatchObject({ code });
      for (const part of says) expect((error as Error).message).toContain(part);
      expect((error as Error).message).toMatch(/^.{20,500}$/);
      expect(await keys(lake.store)).toEqual([]);
    });
  }

  test("names without meaning are refused", async () => {
    await using lake = await emptyLake(engine);
    const path = await lake.source("a.zip", smallZip());
    for (const [options, code] of [
      [{ dataset: "ml-1" }, "invalid_argument"],
      [{ dataset: "../x", source: path }, "invalid_argument"],
      [{ dataset: "synthetic", source: path }, "invalid_argument"],
      [{ dataset: "small", source: `${path}.missing` }, "dataset_invalid"],
    ] as const) {
      const error = await bootstrap(lake.ports, options).catch((thrown: unknown) => thrown);
      expect(findError(error, code), JSON.stringify(options)).toBeDefined();
    }
  });

  test("stopping ends with aborted and leaves no file", async () => {
    await using lake = await emptyLake(engine);
    const path = await lake.source("a.zip", smallZip());
    const controller = new AbortController();
    const stopAt = (step: StepProgress): void => void (step.name.endsWith("movies_raw") && controller.abort());
    const error = await bootstrap(lake.ports, local(path, { signal: controller.signal }), stopAt).catch(
      (e: unknown) => e,
    );
    expect(findError(error, "aborted")).toBeDefined();
    expect((await keys(lake.store, folder)).filter((key) => key.endsWith(".csv"))).toEqual([]);
    expect(await bootstrap(lake.ports, local(path))).toMatchObject({ status: "ingested", resumed: true });
    expect(await validateDataset(lake, "small")).toEqual([]);
  });

  const real = sharedFile("data/ml-latest-small.zip");
  test.runIf(real !== undefined)("ml-latest-small, the real archive", async () => {
    await using lake = await emptyLake(engine);
    const { manifest } = await bootstrap(lake.ports, { dataset: "ml-latest-small", source: real! });
    expect(manifest.tables.map(({ rows }) => rows)).toEqual([100_836, 9_742, 3_683, 9_742]);
    expect(manifest.files.find(({ name }) => name === "ratings.csv")?.md5).toBe("325a6f09399d1c45671f187505e1a100");
    expect(await validateDataset(lake, "ml-latest-small")).toEqual([]);
  });
});
