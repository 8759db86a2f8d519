import { execFileSync } from "node:child_process";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@cinelake/testkit";
import { expect, test } from "vitest";

const repository = fileURLToPath(new URL("../../../../", import.meta.url));
const consumer = fileURLToPath(new URL("./consumer.ts", import.meta.url));
const options = ["--target", "es2023", "--module", "nodenext", "--strict", "--skipLibCheck", "false"];

test("the_packed_package_type_checks_and_runs_on_the_oldest_node_that_it_names", async () => {
  await using directory = await temporaryDirectory();
  const application = directory.path;
  const run = (program: string, ...args: string[]): string =>
    execFileSync(program, args, { cwd: application, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const built = join(application, "built");
  run(process.execPath, join(repository, "tools/build_package.ts"), "packages/delta", built);
  const { engines } = JSON.parse(await readFile(join(built, "package.json"), "utf8")) as { engines: { node: string } };
  const oldest = /^>=(\d+\.\d+\.\d+)$/.exec(engines.node)![1]!;

  const [packed] = JSON.parse(run("npm", "pack", "--json", built)) as { filename: string }[];
  await writeFile(join(application, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", "install", "--no-audit", "--no-fund", `./${packed!.filename}`, `node@${oldest}`);
  await copyFile(consumer, join(application, "consumer.ts"));
  run(process.execPath, join(repository, "node_modules/typescript/bin/tsc"), ...options, "consumer.ts");

  const seen = {
    latest: [
      { user_id: 1, rating: "4.5" },
      { user_id: 2, rating: "3.0" },
    ],
    first: [{ user_id: 1, rating: "4.5" }],
    arrow_rows: 2,
    refused: true,
    s3: "Stores on S3 need the package @aws-sdk/client-s3: install it as well.",
  };
  const node = join(application, "node_modules/node/bin/node");
  expect(run(node, "--version").trim()).toBe(`v${oldest}`);
  expect(JSON.parse(run(node, "consumer.js", join(application, "lake_oldest")))).toEqual(seen);
  expect(JSON.parse(run(process.execPath, "consumer.js", join(application, "lake_newest")))).toEqual(seen);
}, 180_000);
