import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTable, openSqlEngine, type DeltaTable, type SqlEngine, type StructField } from "@cinelake/delta";
import { openObjectStore } from "@cinelake/object_store";
import { sharedFile, temporaryDirectory, type TemporaryDirectory } from "@cinelake/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cinelake, type CommandOutcome } from "./support/platform.ts";

let directory: TemporaryDirectory;
let engine: SqlEngine;
let folder: string;
let nowhere: string;

const field = (name: string, type: StructField["type"]): StructField => ({ name, type, nullable: true, metadata: {} });
const fields = [
  field("id", "long"),
  field("price", "decimal(30,2)"),
  field("real", "double"),
  field("at", "timestamp"),
  field("bytes", "binary"),
  field("tags", { type: "map", keyType: "string", valueType: "long", valueContainsNull: true }),
  field("s", { type: "struct", fields: [field("a", { type: "array", elementType: "date", containsNull: true })] }),
  field("p", "string"),
];

beforeAll(async () => {
  directory = await temporaryDirectory();
  engine = await openSqlEngine({ threads: 1 });
  folder = join(directory.path, "any where", "t");
  nowhere = join(directory.path, "no_data");
  const store = await openObjectStore(join(directory.path, "any where"));
  const schema = { type: "struct", fields } as const;
  const table: DeltaTable = await createTable({ store, engine, path: "t" }, { schema, partitionColumns: ["p"] });
  await table.append({
    rows: [
      {
        id: 9223372036854775807n,
        price: "1234567890123456789012345678.90",
        real: Number.NaN,
        at: "2026-01-31T00:00:00.000001Z",
        bytes: Uint8Array.of(1, 2),
        tags: new Map([["k", 2n ** 60n]]),
        s: { a: ["2026-01-31", null] },
        p: "a,b",
      },
    ],
  });
  await table.append({ rows: [{ id: 2, real: 0.5, p: "" }] });
  await table.append(
    {
      rows: [
        { id: 3, p: "z" },
        { id: 4, p: "z" },
      ],
    },
    { userMetadata: "the last" },
  );
  await store[Symbol.asyncDispose]();
  // What reading leaves behind must not hide behind what writing has left.
  await rm(join(directory.path, "any where", ".cinelake-staging"), { recursive: true, force: true });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

/** Runs `table read` with a data directory that is not there, and must not be there afterwards. */
async function read(path: string, ...args: string[]): Promise<CommandOutcome> {
  const outcome = await cinelake(nowhere, ["table", "read", path, ...args]);
  expect(existsSync(nowhere)).toBe(false);
  return outcome;
}

const FIRST =
  '{"id":9223372036854775807,"price":"1234567890123456789012345678.90","real":"NaN","at":"2026-01-31T00:00:00.000001Z","bytes":"AQI=",' +
  '"tags":{"k":1152921504606846976},"s":{"a":["2026-01-31",null]},"p":"a,b"}\n';
const SECOND = '{"id":2,"price":null,"real":0.5,"at":null,"bytes":null,"tags":null,"s":null,"p":null}\n';

test("rows_are_json_lines_and_nothing_else_is_printed, nothing is left in the folder", async () => {
  const before = readdirSync(directory.path, { recursive: true });
  const { stdout, stderr, exitCode } = await read(folder, "--version", "2");
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout.split(/(?<=\n)/).sort()).toEqual([SECOND, FIRST].sort());
  expect((await read(folder, "--version", "2", "--json")).stdout.length).toBe(stdout.length);
  expect(readdirSync(directory.path, { recursive: true })).toEqual(before);
});

test("a_path_is_a_folder_by_any_name: relative, with a slash behind, as an address", async () => {
  const options = ["--where", "id=2"];
  for (const path of [`${folder}/`, `file://${encodeURI(folder)}`]) {
    expect(await read(path, ...options)).toEqual({ stdout: SECOND, stderr: "", exitCode: 0 });
  }
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  for (const path of ["t", "./t/", "../any where/t"]) {
    const args = [main, "table", "read", path, ...options];
    expect(execFileSync(process.execPath, args, { cwd: join(folder, ".."), encoding: "utf8" })).toBe(SECOND);
  }
});

test("options_choose_rows_columns_and_versions", async () => {
  const lines = async (...args: string[]): Promise<string[]> =>
    (await read(folder, ...args)).stdout.split("\n").filter(Boolean).sort();
  expect(await lines("--columns", "p,id", "--where", "p=z", "--where", "id>3")).toEqual(['{"p":"z","id":4}']);
  expect(await lines("--columns", "p", "--where", "p contains ,b")).toEqual(['{"p":"a,b"}']);
  expect(await lines("--columns", "id", "--limit", "3")).toHaveLength(3);
  expect(await lines("--limit", "0")).toEqual([]);
  expect(await lines("--version", "0")).toEqual([]);
  expect(await lines("--timestamp", "2999-01-01", "--columns", "id")).toHaveLength(4);
});

test("changes_are_rows_with_what_happened_to_them", async () => {
  const changed = async (...args: string[]): Promise<string> => (await read(folder, "--changes", ...args)).stdout;
  const lines = (await changed("--from", "2", "--columns", "id")).trim().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(parsed.map(({ _commit_timestamp: at, ...row }) => [row, /^20.*Z$/.test(String(at))])).toEqual(
    [2, 3, 4].map((id) => [{ id, _change_type: "insert", _commit_version: id === 2 ? 2 : 3 }, true]),
  );
  const csv = await changed("--from", "1", "--to", "2", "--columns", "id", "--format", "csv", "--where", "id=2");
  expect(csv).toMatch(/^id,_change_type,_commit_version,_commit_timestamp\r\n2,insert,2,20[^\r]*Z\r\n$/);
  expect(await changed("--from", "2", "--limit", "1")).toMatch(/^[^\n]*\n$/);
});

test("csv_is_rfc_4180", async () => {
  const { stdout } = await read(folder, "--format", "csv", "--columns", "id,tags,p", "--version", "1");
  expect(stdout).toBe('id,tags,p\r\n9223372036854775807,"{""k"":1152921504606846976}","a,b"\r\n');
  expect((await read(folder, "--format", "csv", "--columns", "p,id", "--version", "0")).stdout).toBe("p,id\r\n");
});

test("parquet_goes_into_a_file_or_a_pipe, typed as the table is", async () => {
  const file = join(directory.path, "o'ut.parquet");
  const { stdout, stderr } = await read(folder, "--format", "parquet", "--output", file, "--where", "p=z", "--json");
  expect([JSON.parse(stdout), stderr]).toEqual([{ rows: 2, output: file }, ""]);
  const quoted = file.replaceAll("'", "''");
  expect(await engine.rows(`SELECT id, p FROM '${quoted}' ORDER BY id`)).toEqual([
    { id: 3, p: "z" },
    { id: 4, p: "z" },
  ]);
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const args = [main, "table", "read", folder, "--format", "parquet", "--limit", "3"];
  const piped = join(directory.path, "piped.parquet");
  await writeFile(piped, execFileSync(process.execPath, args));
  expect(await engine.rows(`SELECT count(*) AS rows, typeof(any_value(price)) AS price FROM '${piped}'`)).toEqual([
    { rows: 3, price: "DECIMAL(30,2)" },
  ]);
});

test("an_output_file_is_whole_or_not_there", async () => {
  const file = join(directory.path, "rows.jsonl");
  const { stdout, exitCode } = await read(folder, "--output", file, "--where", "id=2");
  expect([stdout, exitCode]).toEqual([`1 rows in ${file}\n`, 0]);
  expect(await readFile(file, "utf8")).toBe(SECOND);
  const failed = await read(folder, "--output", file, "--columns", "nobody");
  expect(failed).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining("no column nobody") });
  expect(await readFile(file, "utf8")).toBe(SECOND);
  expect(readdirSync(directory.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a_reader_that_has_seen_enough_is_no_error", async () => {
  const big = join(directory.path, "big");
  await using store = await openObjectStore(directory.path);
  const table = await createTable({ store, engine, path: "big" }, { schema: { type: "struct", fields: [fields[0]!] } });
  await table.append({ sql: "SELECT i::BIGINT AS id FROM range(300000) AS r(i)" });
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, "table", "read", big], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  child.stdout.destroy();
  const [exitCode] = (await once(child, "close")) as [number];
  expect([first.toString().slice(0, 9), exitCode, errors]).toEqual(['{"id":0}\n', 0, ""]);
});

test.each<[string, string[], number, RegExp]>([
  ["no PATH", [], 2, /PATH is missing/],
  ["no table", ["/no/such/folder"], 1, /There is no table \/no\/such\/folder: looked for it at \/no\/such\/folder /],
  [
    "no table in the lake",
    ["silver/x"],
    1,
    /looked for it in the lake, at .*no_data\/lakehouse\/silver\/x and .*silver\/x /,
  ],
  ["a name without a table", ["silver_movies"], 1, /in the lake, at .*silver_movies \[delta_table_not_found\]/],
  ["an address without a folder", ["s3://bucket"], 2, /names no folder of a table/],
  ["no such version", ["FOLDER", "--version", "9"], 1, /no version 9/],
  ["no such column in a condition", ["FOLDER", "--where", "x=1"], 2, /the columns are id, price/],
  ["text within a number", ["FOLDER", "--where", "id contains 1"], 2, /contains text \(of text\)/],
  ["a wrong time", ["FOLDER", "--timestamp", "soon"], 2, /--timestamp takes a time/],
  ["changes of no version", ["FOLDER", "--changes"], 2, /--changes needs --from/],
  ["a range without changes", ["FOLDER", "--from", "1"], 2, /go with --changes/],
  ["changes at a version", ["FOLDER", "--changes", "--from", "1", "--version", "2"], 2, /not with --version/],
  ["changes as Parquet", ["FOLDER", "--changes", "--from", "1", "--format", "parquet"], 2, /jsonl or csv/],
  ["a wrong format", ["FOLDER", "--format", "xml"], 2, /--format takes jsonl, csv, parquet/],
])("what_cannot_be_meant_gets_one_line_on_standard_error: %s", async (_name, args, exitCode, message) => {
  const outcome = await cinelake(nowhere, [
    "table",
    "read",
    ...args.map((each) => (each === "FOLDER" ? folder : each)),
  ]);
  expect(outcome).toMatchObject({ exitCode, stdout: "", stderr: expect.stringMatching(message) });
  expect(outcome.stderr.trimEnd()).not.toContain("\n");
  expect(existsSync(nowhere)).toBe(false);
});

const archive = sharedFile("data/delta-golden.tar.gz");
if (!archive) {
  process.stderr.write("NOT RUN: the golden Delta tables (data/delta-golden.tar.gz) are not beside the repository\n");
  test("golden tables are not there", ({ annotate }) => annotate("golden tables NOT RUN: archive absent", "warning"));
} else {
  describe("tables of another implementation", () => {
    const cases = [
      "basic-decimal-table",
      "data-reader-array-complex-objects",
      "data-reader-map",
      "dv-with-columnmapping",
      "kernel-timestamp-int96",
      "v2-checkpoint-json",
    ];
    test.each(cases)("are_printed_as_they_were_written: %s", async (name) => {
      await using unpacked = await temporaryDirectory();
      execFileSync("tar", ["xzf", archive, "-C", unpacked.path, `kernel-rs-golden-x/${name}`]);
      const place = join(unpacked.path, "kernel-rs-golden-x", name);
      const { stdout, stderr, exitCode } = await read(join(place, "delta"));
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      const rows = join(unpacked.path, "rows.jsonl");
      await writeFile(rows, stdout);
      const expected = `read_parquet('${place}/expected/**/*.parquet', hive_partitioning = false)`;
      const columns = await engine.rows<{ name: string; type: string }>(
        `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${expected})`,
      );
      const types = columns.map((column) => `'${column.name}': '${column.type}'`).join(", ");
      const printed = `read_json('${rows}', format = 'newline_delimited', columns = {${types}})`;
      const [difference] = await engine.rows(
        `SELECT (SELECT count(*) FROM ${printed}) - (SELECT count(*) FROM ${expected}) AS rows, ` +
          `(SELECT count(*) FROM (FROM ${expected} EXCEPT ALL FROM ${printed})) AS missing`,
      );
      expect(difference).toEqual({ rows: 0, missing: 0 });
    });
  });
}
