import { execFileSync } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { sharedFile, temporaryDirectory } from "@cinelake/testkit";
import { test } from "vitest";

const archive = sharedFile("data/delta-golden.tar.gz");

/** Tests over golden tables of another implementation; where the archive is not beside the repository it says so, loudly, in their place. */
export function withGoldenTables(define: () => void): void {
  if (archive) return define();
  process.stderr.write("NOT RUN: the golden Delta tables (data/delta-golden.tar.gz) are not beside the repository\n");
  test("golden tables are not there", ({ annotate }) => annotate("golden tables NOT RUN: archive absent", "warning"));
}

/** Copies a golden table's folder to `target`; what `filter` refuses by its path stays away. */
export async function copyGoldenTable(
  name: string,
  target: string,
  filter: (path: string) => boolean = () => true,
): Promise<void> {
  await using unpacked = await temporaryDirectory();
  const folder = `kernel-rs-golden-x/${name}/delta`;
  execFileSync("tar", ["xzf", archive!, "-C", unpacked.path, folder]);
  await cp(join(unpacked.path, folder), target, { recursive: true, filter });
}
