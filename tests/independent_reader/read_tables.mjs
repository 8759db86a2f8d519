// Prints the rows of Delta tables, read by ClickHouse in this process (with delta-kernel-rs inside): nothing of it is ours.
// node read_tables.mjs FOLDER...: for each a line {"table": FOLDER}, then its rows, one JSON object a line.
// ClickHouse reads absolute paths below the working directory only, so start it in (or above) the lake.
import { Session } from "chdb";

const session = new Session();
const settings = "output_format_json_quote_64bit_integers = 0, session_timezone = 'UTC'";
for (const folder of process.argv.slice(2)) {
  process.stdout.write(`${JSON.stringify({ table: folder })}\n`);
  process.stdout.write(session.query(`SELECT * FROM deltaLakeLocal('${folder}') SETTINGS ${settings}`, "JSONEachRow"));
}
session.cleanup();
