// Reading and committing: scans beside DuckDB on the same Parquet files, in one run, in turn; commits a second. `make bench_delta`.
import { join } from "node:path";
import { createTable, openSqlEngine, type DeltaTable, type ReadOptions, type SqlEngine } from "@cinelake/delta";
import { openObjectStore } from "@cinelake/object_store";
import { temporaryDirectory } from "@cinelake/testkit";
import { compare, conditions, median, printTable, timed } from "./support/measure.ts";

const ROWS = Number(process.env.BENCH_ROWS ?? 20_000_000);
/** Files of the tables that are scanned whole, and of those of which little is read. */
const FILES = 20;
const MANY_FILES = 500;
const RUNS = 7;

const column = (name: string, type: string) => ({ name, type, nullable: true, metadata: {} });
const schema = {
  type: "struct" as const,
  fields: [
    column("user_id", "long"),
    column("movie_id", "integer"),
    column("rating", "float"),
    column("event_ts", "timestamp"),
    column("device", "string"),
    column("month", "date"),
  ],
};

/** Ratings in the order of time, with a month for each part of them. */
function ratingsSql(rows: number, part: number, parts: number): string {
  const [from, to] = [Math.floor((rows * part) / parts), Math.floor((rows * (part + 1)) / parts)];
  return (
    `SELECT (hash(i) % 160000)::BIGINT AS user_id, (sqrt(hash(i + 7) % 1000000000) * 2)::INT AS movie_id, ` +
    `((hash(i + 3) % 10 + 1) / 2)::FLOAT AS rating, TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_seconds(i * 3) AS event_ts, ` +
    `['phone', 'tablet', 'desktop', 'tv'][(hash(i + 1) % 4)::INT + 1] AS device, ` +
    `(DATE '1980-01-01' + to_months(${part}))::DATE AS month FROM range(${from}, ${to}) AS t(i)`
  );
}

const AGGREGATE =
  "count(*), sum(user_id), sum(movie_id), sum(rating), max(event_ts), count(DISTINCT device), min(month)";

await using folder = await temporaryDirectory();
await using store = await openObjectStore(folder.path);
await using engine = await openSqlEngine();

async function build(
  path: string,
  rows: number,
  parts: number,
  partitionColumns: readonly string[],
): Promise<{ table: DeltaTable; files: string; bytes: number }> {
  const table = await createTable({ store, engine, path }, { schema, partitionColumns });
  for (let part = 0; part < parts; part++) await table.append({ sql: ratingsSql(rows, part, parts) });
  const files: string[] = [];
  let bytes = 0;
  for await (const { key, size } of store.list(`${path}/`)) {
    if (!key.endsWith(".parquet") || key.includes("_delta_log")) continue;
    files.push(`'${join(folder.path, key)}'`);
    bytes += size;
  }
  return { table, files: `[${files.join(", ")}]`, bytes };
}

async function aggregate(sql: string): Promise<void> {
  await engine.rows(`SELECT ${AGGREGATE} FROM ${sql}`);
}

async function scanned(table: DeltaTable, options: ReadOptions = {}): Promise<void> {
  await using scan = await (await table.snapshot()).scan(options);
  await aggregate(scan.sql);
}

async function drained(
  batches: AsyncIterable<{ readonly length: number } | { readonly numRows: number }>,
): Promise<void> {
  for await (const batch of batches) void batch;
}

async function drainedBy(of: SqlEngine, sql: string): Promise<void> {
  await using session = await of.session();
  await drained(session.batches(sql));
}

const plain = await build("plain", ROWS, FILES, []);
const monthly = await build("monthly", ROWS, FILES, ["month"]);
const many = await build("many", ROWS / 4, MANY_FILES, []);
const manyMonths = await build("many_months", ROWS / 4, MANY_FILES, ["month"]);
conditions({
  rows: ROWS,
  files: FILES,
  bytes: plain.bytes,
  "rows where files are many": ROWS / 4,
  "many files": MANY_FILES,
  runs: RUNS,
});

const direct = (files: string, hive = false): string => `read_parquet(${files}, hive_partitioning = ${hive})`;
const month = "2000-01-01";
const inMonth = [{ column: "month", op: "=" as const, value: month }];
const directMonth = `${direct(manyMonths.files, true)} WHERE month = DATE '${month}'`;
const early = "2020-01-01T06:00:00Z";
const whenEarly = [{ column: "event_ts", op: "<" as const, value: early }];
const four = { columns: ["user_id", "movie_id", "rating", "event_ts"] };
const directFour = `SELECT ${four.columns.join(", ")} FROM ${direct(monthly.files, true)} WHERE month = DATE '1980-03-01'`;
const thirdMonth = { ...four, where: [{ column: "month", op: "=" as const, value: "1980-03-01" }] };

printTable(
  ["what", "here ms", "DuckDB ms", "here / DuckDB", "here MB/s"],
  [
    await compare(
      "full scan",
      RUNS,
      plain.bytes,
      () => scanned(plain.table),
      () => aggregate(direct(plain.files)),
    ),
    await compare(
      "full scan, partitioned by month",
      RUNS,
      monthly.bytes,
      () => scanned(monthly.table),
      () => aggregate(direct(monthly.files, true)),
    ),
    await compare(
      `one of ${MANY_FILES} partitions`,
      RUNS,
      undefined,
      () => scanned(manyMonths.table, { where: inMonth }),
      () => aggregate(directMonth),
    ),
    await compare(
      `a quarter of a day of ${MANY_FILES} files, by statistics`,
      RUNS,
      undefined,
      () => scanned(many.table, { where: whenEarly }),
      () => aggregate(`${direct(many.files)} WHERE event_ts < TIMESTAMPTZ '${early}'`),
    ),
    await compare(
      "one month of the table as rows in JavaScript",
      RUNS,
      undefined,
      async () => drained((await monthly.table.snapshot()).read(thirdMonth)),
      () => drainedBy(engine, directFour),
    ),
    await compare(
      "the same as Arrow batches (DuckDB: rows)",
      RUNS,
      undefined,
      async () => drained((await monthly.table.snapshot()).arrow(thirdMonth)),
      () => drainedBy(engine, directFour),
    ),
  ],
);

/** Commits of so many rows, one after the other, each on disk before the next begins. */
async function commitsPerSecond(rowsEach: number, commits: number): Promise<number> {
  const path = `commits_${rowsEach}`;
  const table = await createTable(
    { store, engine, path },
    { schema: { ...schema, fields: schema.fields.slice(0, 4) } },
  );
  const rows = Array.from({ length: rowsEach }, (_, i) => ({
    user_id: i,
    movie_id: i,
    rating: 4,
    event_ts: new Date(i),
  }));
  const times: number[] = [];
  for (let commit = 0; commit < commits; commit++) times.push(await timed(() => table.append({ rows })));
  return 1000 / median(times);
}

const appends: string[][] = [];
for (const [rows, commits] of [
  [1, 200],
  [1000, 100],
  [100_000, 10],
] as const) {
  const rate = await commitsPerSecond(rows, commits);
  appends.push([`${rows} rows each`, rate.toFixed(1), Math.round(rate * rows).toLocaleString("en")]);
}
printTable(["appends by one writer", "commits/s (median)", "rows/s"], appends);
