import { open } from "node:fs/promises";
import { join } from "node:path";
import type { SqlEngine } from "../engine.ts";
import { quoteName, quoteText } from "../sql/quote.ts";
import type { Action, Protocol, RemoveFile, Transaction } from "./actions.ts";
import { WRITTEN_COLUMNS } from "./checkpoint_schema.ts";
import { writeHint } from "./hint.ts";
import type { LoadedState, LogPlace } from "./load.ts";
import { checkpointKey } from "./names.ts";
import { intervalMillis, removedFileRetention } from "./retention.ts";
import type { TableState } from "./state.ts";

const charactersPerWrite = 1 << 20;
const leastObjectSize = 1 << 24;

/** Writes the V1 checkpoint of a state and points `_last_checkpoint` at it. A reader sees it whole or not at all. */
export async function writeCheckpoint(place: LogPlace, loaded: LoadedState, now: number): Promise<void> {
  const { store, path } = place;
  const { state } = loaded;
  await using staging = await store.stagingDirectory();
  await using session = await place.engine.session();
  const [lines, file] = [join(staging.path, "actions.json"), join(staging.path, "checkpoint.parquet")];
  const written = await writeLines(lines, checkpointActions(loaded, now));
  await linesToParquet(session, lines, file, written.longest);
  const key = checkpointKey(path, state.version);
  await store.putFile(key, file);
  const sizeInBytes = (await store.head(key))?.size;
  await writeHint(store, path, {
    version: state.version,
    size: written.count,
    ...(sizeInBytes === undefined ? {} : { sizeInBytes }),
    numOfAddFiles: state.files.size,
  });
}

/** What a checkpoint of the state holds: all but expired tombstones and transactions (PROTOCOL.md, checkpoints). */
export function* checkpointActions({ state, tombstones }: LoadedState, now: number): Generator<Action> {
  const { configuration } = state.metadata;
  const removedFrom = now - removedFileRetention(configuration);
  yield { protocol: checkpointProtocol(state.protocol) };
  yield { metaData: state.metadata };
  for (const txn of state.transactions.values()) if (isKept(txn, state, now)) yield { txn };
  for (const domainMetadata of state.domains.values()) yield { domainMetadata };
  for (const add of state.files.values()) yield { add: add.dataChange ? { ...add, dataChange: false } : add };
  for (const remove of tombstones.values()) {
    if ((remove.deletionTimestamp ?? 0) > removedFrom) yield { remove: tombstoneOf(remove) };
  }
}

/** The lists of features must be there in a checkpoint if and only if the versions are those that have them. */
function checkpointProtocol({ minReaderVersion, minWriterVersion, ...features }: Protocol): Protocol {
  return {
    minReaderVersion,
    minWriterVersion,
    ...(minReaderVersion >= 3 ? { readerFeatures: features.readerFeatures ?? [] } : {}),
    ...(minWriterVersion >= 7 ? { writerFeatures: features.writerFeatures ?? [] } : {}),
  };
}

function isKept(txn: Transaction, { metadata }: TableState, now: number): boolean {
  const retention = intervalMillis(metadata.configuration["delta.setTransactionRetentionDuration"]);
  return retention === undefined || txn.lastUpdated === undefined || txn.lastUpdated > now - retention;
}

/** A tombstone says that no data changed, and has neither statistics nor tags. */
function tombstoneOf(remove: RemoveFile): RemoveFile {
  return { ...remove, dataChange: false };
}

/** Writes one line per action, a bounded part of them in memory. */
async function writeLines(path: string, actions: Iterable<Action>): Promise<{ count: number; longest: number }> {
  await using file = await open(path, "w");
  let [count, longest, text] = [0, 0, ""];
  for (const action of actions) {
    const line = `${JSON.stringify(action)}\n`;
    count++;
    longest = Math.max(longest, line.length);
    text += line;
    if (text.length < charactersPerWrite) continue;
    await file.write(text);
    text = "";
  }
  await file.write(text);
  return { count, longest };
}

/** Far faster than to hand DuckDB the actions value by value. Fields that the columns do not have are left out. */
async function linesToParquet(session: SqlEngine, lines: string, file: string, longest: number): Promise<void> {
  const columns = WRITTEN_COLUMNS.map(({ name, type }) => `${quoteName(name)}: ${quoteText(type)}`).join(", ");
  // Characters take up to three bytes in UTF-8, and a line must fit.
  const objectSize = Math.max(leastObjectSize, 3 * longest + 1);
  const relation = `read_json(${quoteText(lines)}, format = 'newline_delimited', compression = 'uncompressed', columns = {${columns}}, maximum_object_size = ${objectSize})`;
  await session.run(`COPY (SELECT * FROM ${relation}) TO ${quoteText(file)} (FORMAT parquet, COMPRESSION zstd)`);
}
