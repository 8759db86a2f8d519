import { ERROR_CODES } from "../../src/errors.ts";
import { METRICS } from "../../src/metrics.ts";
import { errorPage } from "./error_page.ts";
import { eventPage } from "./event_page.ts";
import { eventTypes } from "./event_types.ts";
import { metricPage } from "./metric_page.ts";
import { readEvents } from "./read_events.ts";
import { readTables } from "./read_tables.ts";
import { tablePage } from "./table_page.ts";
import { tableTypes } from "./table_types.ts";

/** Text of every generated file, by its path from the repository's root; `read` gives the text of a file of the repository. */
export function generate(read: (path: string) => string): Record<string, string> {
  const tables = readTables(["bronze", "silver", "gold"].map((layer) => read(`schemas/lakehouse/${layer}_tables.yml`)));
  const events = readEvents((type) => read(`schemas/events/${type}_event.schema.json`));
  return {
    "packages/contracts/src/generated/tables.ts": tableTypes(tables),
    "packages/contracts/src/generated/events.ts": eventTypes(events),
    "docs/tables.md": tablePage(tables),
    "docs/events.md": eventPage(events),
    "docs/errors.md": errorPage(ERROR_CODES),
    "docs/metrics.md": metricPage(METRICS),
  };
}
