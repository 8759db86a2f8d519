import {
  CinelakeError,
  findError,
  openObjectStore,
  openOrCreateTable,
  openSqlEngine,
  type DeltaTable,
  type ObjectStore,
  type Row,
} from "@cinelake/delta";

/** A program of somebody who installed the package: makes a table below a folder, appends, reads, travels in time, and says what it saw. */
await using store: ObjectStore = await openObjectStore(process.argv[2]!);
await using engine = await openSqlEngine({ memoryLimit: "256MB", threads: 1 });
const table: DeltaTable = await openOrCreateTable(
  { store, engine, path: "ratings" },
  {
    schema: {
      type: "struct",
      fields: [
        { name: "user_id", type: "long", nullable: false, metadata: {} },
        { name: "rating", type: "decimal(3,1)", nullable: true, metadata: {} },
      ],
    },
  },
);
await table.append({ rows: [{ user_id: 1, rating: "4.5" }] });
await table.append({ sql: "SELECT 2::BIGINT AS user_id, 3.0::DECIMAL(3,1) AS rating" });
const refused: unknown = await table.append({ rows: [{ user_id: null }] }).catch((error: unknown) => error);
const found: CinelakeError | undefined = findError(refused, "delta_schema_mismatch");

async function read(version?: number): Promise<Row[]> {
  const rows: Row[] = [];
  const snapshot = await table.snapshot(version === undefined ? undefined : { version });
  for await (const batch of snapshot.read()) rows.push(...batch);
  return rows.toSorted((a, b) => Number(a.user_id) - Number(b.user_id));
}

/** The client of S3 is not installed with the package: its absence must be said, not thrown by Node. */
const noClient = findError(
  await openObjectStore("s3://bucket/lake").catch((error: unknown) => error),
  "config_invalid",
);

let arrowRows = 0;
for await (const batch of (await table.snapshot()).arrow()) arrowRows += batch.numRows;
const seen = {
  latest: await read(),
  first: await read(1),
  arrow_rows: arrowRows,
  refused: found instanceof CinelakeError,
  s3: noClient?.message,
};
process.stdout.write(JSON.stringify(seen));
