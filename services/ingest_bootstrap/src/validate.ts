import { findError } from "@cinelake/contracts";
import { findLakeTable, type LakePorts } from "@cinelake/lake";
import { ingestedRows } from "./bronze_tables.ts";
import { BRONZE_FILES, fileFacts } from "./file_facts.ts";
import { fileKey, readManifest, readPending, type Manifest } from "./manifest.ts";
import { openRun } from "./plan.ts";
import { stepCounter, type Progress } from "./progress.ts";
import { REQUIRED_FILES } from "./zip_plan.ts";

/** Something in the lake that is not as the manifest says. */
export interface Problem {
  /** File or table. */
  readonly subject: string;
  readonly problem: string;
}

/**
 * Compares a data set in the lake with its manifest: files present with size, rows and MD5, each Bronze table with exactly the rows of the
 * ingestion, numbered from 1. An empty list means that all of it is there. Nothing is changed.
 */
export async function validateDataset(
  ports: LakePorts,
  dataset: string,
  options: { readonly progress?: Progress; readonly signal?: AbortSignal } = {},
): Promise<Problem[]> {
  const { store } = ports;
  let manifest: Manifest | undefined;
  try {
    manifest = await readManifest(store, dataset);
  } catch (error) {
    const invalid = findError(error, "dataset_invalid");
    if (!invalid) throw error;
    return [{ subject: fileKey(dataset, "_manifest.json"), problem: invalid.message }];
  }
  const problems: Problem[] = [];
  const pending = await readPending(store, dataset);
  if (openRun({ manifest, pending })) {
    problems.push({
      subject: dataset,
      problem: `ingestion ${pending?.ingestion_id} was interrupted; run the bootstrap again`,
    });
  }
  if (!manifest)
    return [...problems, { subject: fileKey(dataset, "_manifest.json"), problem: "is missing; run the bootstrap" }];
  problems.push(...(await filesProblems(ports, manifest, options)), ...(await tableProblems(ports, manifest)));
  return problems;
}

async function filesProblems(
  { store }: LakePorts,
  manifest: Manifest,
  { progress, signal }: { readonly progress?: Progress; readonly signal?: AbortSignal },
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const name of REQUIRED_FILES) {
    if (!manifest.files.some((file) => file.name === name))
      problems.push({ subject: name, problem: "is not in the manifest" });
  }
  const total = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const count = stepCounter(progress ?? (() => {}), "check", "bytes");
  let before = 0;
  for (const file of manifest.files) {
    signal?.throwIfAborted();
    const subject = fileKey(manifest.dataset_name, file.name);
    const problem = await fileProblem(subject, file, (done) => count(before + done, total));
    if (problem !== undefined) problems.push({ subject, problem });
    before += file.size;
  }
  return problems;

  async function fileProblem(
    key: string,
    file: Manifest["files"][number],
    onBytes: (done: number) => void,
  ): Promise<string | undefined> {
    const info = await store.head(key);
    if (!info) return "is missing";
    if (info.size !== file.size) return `has ${info.size} bytes, the manifest says ${file.size}`;
    try {
      const facts = await fileFacts(file.name, await store.stream(key), onBytes);
      if (facts.md5 !== file.md5) return `has MD5 ${facts.md5}, the manifest says ${file.md5}`;
      if ((facts.rows ?? null) !== file.rows) return `has ${facts.rows} rows, the manifest says ${file.rows}`;
      return undefined;
    } catch (error) {
      const invalid = findError(error, "dataset_invalid");
      if (!invalid) throw error;
      return `is damaged: ${invalid.message}`;
    }
  }
}

async function tableProblems(ports: LakePorts, manifest: Manifest): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { name: subject } of BRONZE_FILES) {
    const stated = manifest.tables.find(({ name }) => name === subject);
    if (!stated) {
      problems.push({ subject, problem: "is not in the manifest" });
      continue;
    }
    const table = await findLakeTable(ports, subject);
    if (!table) {
      problems.push({ subject, problem: "does not exist" });
      continue;
    }
    const found = await ingestedRows(ports.engine, table, {
      ingestionId: manifest.ingestion_id,
      ingestionDate: manifest.ingestion_date,
    });
    if (found.rows !== stated.rows) {
      problems.push({
        subject,
        problem: `has ${found.rows} rows of ${manifest.ingestion_id}, the manifest says ${stated.rows}`,
      });
    } else if (!found.numbered) {
      problems.push({
        subject,
        problem: `has row numbers of ${manifest.ingestion_id} that are not 1 to ${stated.rows}`,
      });
    }
  }
  return problems;
}
