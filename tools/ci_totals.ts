import { readFileSync } from "node:fs";

/** Adds up vitest's JSON reports. Stages that failed without a failed test count as one failure each; so does every skipped test. */
const [failedStages = "0", ...reports] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const path of reports) {
  const report = JSON.parse(readFileSync(path, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  };
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
}
if (skipped > 0) process.stdout.write(`${skipped} tests were skipped; here that is a failure\n`);
failed += skipped;
if (failed === 0) failed += Number(failedStages);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
