import { checkImports } from "./import_rules.ts";
import { readWorkspace } from "./workspace.ts";

const packages = readWorkspace();
const violations = checkImports(packages);
for (const { file, rule, message } of violations) process.stderr.write(`${file}: ${rule}: ${message}\n`);
process.stdout.write(`imports: ${packages.length} packages, ${violations.length} violations\n`);
process.exitCode = violations.length > 0 ? 1 : 0;
