// A table of very many files: opening it, going on from what is known, planning, and writing its checkpoint. `make bench_delta`.
// Each figure comes from processes of their own, so that its memory is its own.
import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createTable, openSqlEngine, openTable, type DeltaTable } from "@cinelake/delta";
import { openObjectStore, type ObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { conditions, median, printTable } from "./support/measure.ts";

const FILES = Number(process.env.BENCH_FILES ?? 300_000);
const RUNS = 5;
const DAYS = 1200;
const LOG = "t/_delta_log";

const column = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} });
const schema = {
  type: "struct" as const,
  fields: [
    column("user_id", "long"),
    column("movie_id", "integer"),
    column("rating", "double"),
    column("event_ts", "timestamp"),
    column("event_date", "date"),
  ],
};

function dayOf(file: number): string {
  return new Date(Date.UTC(2022, 0, 1 + Math.floor((file / FILES) * DAYS))).toISOString().slice(0, 10);
}

/** Lines of a commit that adds all files. */
function* adds(from: number, to: number): Generator<string> {
  for (let file = from; file < to; file++) {
    const day = dayOf(file % FILES);
    const hour = String(file % 24).padStart(2, "0");
    const id = `${file.toString(16).padStart(8, "0")}-7c1e-7f00-8000-${(file * 7919).toString(16).padStart(12, "0")}`;
    const stats = {
      numRecords: 10_000 + (file % 977),
      tightBounds: true,
      minValues: { user_id: file, movie_id: 1, rating: 0.5, event_ts: `${day}T${hour}:00:00.000Z` },
      maxValues: { user_id: file + 90_000, movie_id: 209_171, rating: 5, event_ts: `${day}T${hour}:59:59.999Z` },
      nullCount: { user_id: 0, movie_id: 0, rating: 0, event_ts: 0 },
    };
    const add = {
      path: `event_date=${day}/part-${id}.parquet`,
      partitionValues: { event_date: day },
      size: 4_000_000 + file,
      modificationTime: 1_700_000_000_000 + file,
      dataChange: true,
      stats: JSON.stringify(stats),
    };
    yield `${JSON.stringify({ add })}\n`;
  }
}

type Step = (store: ObjectStore, open: () => Promise<DeltaTable>) => Promise<() => Promise<unknown>>;

/** Each prepares its table and gives the work that is measured. */
const STEPS: Readonly<Record<string, Step>> = {
  "write the checkpoint": async (_store, open) => {
    const table = await open();
    return () => table.checkpoint();
  },
  "cold openTable and snapshot": async (_store, open) => async () => (await open()).snapshot(),
  "refresh after one commit": async (store, open) => {
    const table = await open();
    const { version } = await table.snapshot();
    const key = `${LOG}/${String(version + 1).padStart(20, "0")}.json`;
    await store.put(key, new TextEncoder().encode(Array.from(adds(FILES + version, FILES + version + 1)).join("")));
    return () => table.snapshot();
  },
  "plan of one partition": async (_store, open) => {
    const snapshot = await (await open()).snapshot();
    // Beyond the greatest user, so that all files are looked at and none is opened.
    const where = [
      { column: "event_date", op: "=", value: dayOf(FILES / 2) },
      { column: "user_id", op: ">", value: 10 * FILES },
    ] as const;
    return async () => (await snapshot.scan({ where }))[Symbol.asyncDispose]();
  },
};

const [, , folder, step] = process.argv;
if (folder !== undefined && step !== undefined) await measure(folder, step);
else await report();

/** In a child: one figure, as JSON. */
async function measure(root: string, name: string): Promise<void> {
  await using store = await openObjectStore(root);
  await using engine = await openSqlEngine();
  const open = () =>
    openTable({
      store,
      engine,
      path: "t",
      onCheckpointError: (error) => {
        throw error;
      },
    });
  const work = await STEPS[name]!(store, open);
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const millis = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const figure = { millis, processor: (user + system) / 1000, megabytes: process.resourceUsage().maxRSS / 1000 };
  process.stdout.write(JSON.stringify(figure));
}

async function report(): Promise<void> {
  await using directory = await temporaryDirectory();
  await build(directory.path);
  const rows: string[][] = [];
  for (const name of Object.keys(STEPS)) {
    const figures = Array.from({ length: RUNS }, () => {
      const text = execFileSync(process.execPath, [import.meta.filename, directory.path, name], { encoding: "utf8" });
      return JSON.parse(text) as { millis: number; processor: number; megabytes: number };
    });
    const middle = (key: "millis" | "processor"): string => median(figures.map((figure) => figure[key])).toFixed(0);
    const peak = Math.max(...figures.map((figure) => figure.megabytes)).toFixed(0);
    rows.push([name, middle("millis"), middle("processor"), peak]);
  }
  const { size } = await stat(join(directory.path, LOG, `${"1".padStart(20, "0")}.checkpoint.parquet`));
  conditions({ files: FILES, partitions: DAYS, "bytes of the checkpoint": size, runs: RUNS });
  printTable(["", "median ms", "ms of all processors", "peak MB of the process"], rows);
}

/** Version 0 makes the table, version 1 adds the files. */
async function build(root: string): Promise<void> {
  await using store = await openObjectStore(root);
  await using engine = await openSqlEngine();
  await createTable({ store, engine, path: "t" }, { schema, partitionColumns: ["event_date"] });
  await mkdir(join(root, LOG), { recursive: true });
  await pipeline(adds(0, FILES), createWriteStream(join(root, LOG, `${"1".padStart(20, "0")}.json`)));
}
