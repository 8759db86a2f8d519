import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { CinelakeError, TABLE_NAMES, tableSpec, type TableName, type TableSpec } from "@cinelake/contracts";
import { CsvError, CsvScanner } from "./csv_scan.ts";
import type { Counter } from "./progress.ts";

/** One file of a data set as it is: `rows` and `header` are undefined for a file that is no table. */
export interface FileFacts {
  readonly name: string;
  readonly size: number;
  readonly md5: string;
  readonly rows: number | undefined;
  readonly header: readonly string[] | undefined;
}

/** Bronze tables that are filled from files, in the order in which they are loaded. */
export const BRONZE_FILES: readonly { readonly file: string; readonly name: TableName; readonly spec: TableSpec }[] =
  TABLE_NAMES.flatMap((name) => {
    const spec = tableSpec(name);
    return spec.layer === "bronze" && spec.source?.file !== undefined ? [{ file: spec.source.file, name, spec }] : [];
  });

/**
 * Reads a file once: size, MD5 and, for a CSV, header and number of records. A malformed CSV or one without a column that its
 * Bronze table needs is `dataset_invalid`, naming file and line or column.
 */
export async function fileFacts(name: string, content: Readable, progress?: Counter): Promise<FileFacts> {
  const hash = createHash("md5");
  const scanner = name.endsWith(".csv") ? new CsvScanner() : undefined;
  let size = 0;
  let checked = false;
  try {
    for await (const chunk of content) {
      const bytes = chunk as Buffer;
      size += bytes.length;
      hash.update(bytes);
      scanner?.push(bytes);
      if (!checked && scanner?.header) {
        checked = true;
        requireColumns(name, scanner.header);
      }
      progress?.(size, undefined);
    }
    scanner?.end();
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new CinelakeError(
      "dataset_invalid",
      `${name}, ${error.message}. Nothing was written; repair the file and run the bootstrap again.`,
      {
        cause: error,
        details: { file: name, line: error.line },
      },
    );
  }
  if (scanner?.header && !checked) requireColumns(name, scanner.header);
  return { name, size, md5: hash.digest("hex"), rows: scanner?.records, header: scanner?.header };
}

/** Facts of each named file of a folder, in that order. */
export async function folderFacts(
  directory: string,
  names: readonly string[],
  options: { readonly progress?: Counter; readonly signal?: AbortSignal | undefined } = {},
): Promise<FileFacts[]> {
  const facts: FileFacts[] = [];
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(directory, name))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const name of names) {
    options.signal?.throwIfAborted();
    const content = createReadStream(join(directory, name), { highWaterMark: 1 << 20 });
    const one = await fileFacts(name, content, (done) => options.progress?.(before + done, total));
    before += one.size;
    facts.push(one);
  }
  return facts;
}

/** The facts of a file that must be among them. */
export function factsOf(facts: readonly FileFacts[], name: string): FileFacts {
  const found = facts.find((one) => one.name === name);
  if (!found) throw new CinelakeError("dataset_invalid", `The data set has no ${name}.`);
  return found;
}

/** What identifies a data set's content whatever it was packed in: MD5 over the names and MD5s of its CSV files, by name. */
export function contentMd5(facts: readonly FileFacts[]): string {
  const hash = createHash("md5");
  for (const { name, md5 } of facts.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.endsWith(".csv")) hash.update(`${md5}  ${name}\n`);
  }
  return hash.digest("hex");
}

function requireColumns(file: string, header: readonly string[]): void {
  const duplicate = header.find((column, index) => header.indexOf(column) !== index);
  const spec = BRONZE_FILES.find((entry) => entry.file === file)?.spec;
  if (!spec) return;
  const missing = spec.columns.flatMap((column) =>
    column.source !== undefined && !header.includes(column.source) ? [column.source] : [],
  );
  if (missing.length === 0 && duplicate === undefined) return;
  const problem = missing.length > 0 ? `has no column ${missing.join(", ")}` : `has column ${duplicate} twice`;
  throw new CinelakeError("dataset_invalid", `${file} ${problem}; found: ${header.join(", ")}. Nothing was written.`, {
    details: { file, missing, found: header },
  });
}
