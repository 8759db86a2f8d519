// Counts each film's views by the minute in which they happened, and appends the minutes that are over to a Delta table, each exactly once.
//   node_modules/.bin/node examples/windowed_stream/main.ts
import { pathToFileURL } from "node:url";
import { validateEvent } from "@cinelake/contracts";
import { openObjectStore, openOrCreateTable, openSqlEngine, type StructField } from "@cinelake/delta";
import { openEventLog, partitionKey, tailLog, type LogRecord } from "@cinelake/event_log";
import { logUrl } from "../support/servers.ts";
import { Windows } from "./windows.ts";

const TOPIC = "events_views";
const { WINDOW_MS = "60000", LATENESS_MS = "10000", LAKE = "lakehouse" } = process.env;
const column = (name: string, type: string): StructField => ({ name, type, nullable: false, metadata: {} });

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

await using store = await openObjectStore(pathToFileURL(LAKE).href);
await using engine = await openSqlEngine({ memoryLimit: "256MB" });
await using log = await openEventLog(logUrl);
const table = await openOrCreateTable(
  { store, engine, path: "examples/views_by_window" },
  {
    schema: {
      type: "struct",
      fields: [
        column("window_start", "timestamp"),
        column("window_end", "timestamp"),
        column("movie_id", "long"),
        column("views", "long"),
      ],
    },
  },
);

// Progress lies in the table's own log: a commit holds rows and progress together, so that a crash leaves both or neither.
const WRITTEN_UNTIL = "example_windows/written_until";
const applicationOf = (key: string): string => `example_windows/${key}`;
const snapshot = await table.snapshot();
const { first } = await log.offsets([TOPIC]);
const keys = [...first.keys()];
const from = new Map(
  keys.map((key) => [key, Math.max(first.get(key)!, snapshot.transaction(applicationOf(key)) ?? 0)]),
);
const saved = new Map([WRITTEN_UNTIL, ...keys.map(applicationOf)].map((id) => [id, snapshot.transaction(id)]));
const windows = new Windows(
  { sizeMs: Number(WINDOW_MS), latenessMs: Number(LATENESS_MS) },
  { writtenUntil: saved.get(WRITTEN_UNTIL) ?? 0, offsets: from },
);

function count(record: LogRecord): void {
  const checked = validateEvent(parse(record.value), { type: "view", now: record.timestamp });
  const at = { partition: partitionKey(record), offset: record.offset };
  // An event from the future, which would end every window before it, does not pass the check either.
  if (checked.ok) windows.add({ ...at, eventMs: checked.eventTsMs, movieId: checked.event.movie_id });
  else windows.skip(at);
}

function parse(value: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(value).toString());
  } catch {
    return undefined;
  }
}

/** Fails with `delta_txn_conflict` if another process has written meanwhile: it does this one's work. */
async function writeClosed(): Promise<void> {
  const { rows, progress } = windows.takeClosed((await log.offsets([TOPIC])).next);
  if (rows.length === 0) return;
  const reached = new Map([...progress.offsets].map(([key, offset]) => [applicationOf(key), offset]));
  reached.set(WRITTEN_UNTIL, progress.writtenUntil);
  const transactions = [...reached].map(([appId, version]) => ({ appId, version, expected: saved.get(appId) }));
  const { version } = await table.append({ rows }, { transactions });
  for (const [appId, each] of reached) saved.set(appId, each);
  console.log(
    `version ${version}: ${rows.length} rows, windows until ${new Date(progress.writtenUntil).toISOString()}`,
  );
}

console.log(`counting ${TOPIC} into ${LAKE}/${table.path}, from ${JSON.stringify(Object.fromEntries(from))}`);
await tailLog(log, {
  topics: [TOPIC],
  from,
  signal: stop.signal,
  onRecords: async (records) => {
    for (const record of records) count(record);
    await writeClosed();
  },
});
