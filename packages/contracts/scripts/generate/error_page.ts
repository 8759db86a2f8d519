import type { ErrorSpec } from "../../src/errors.ts";
import { markdownTable } from "./text.ts";

/** docs/errors.md. */
export function errorPage(codes: Readonly<Record<string, ErrorSpec>>): string {
  const rows = Object.entries(codes).map(([code, { status, title, advice }]) => [
    `\`${code}\``,
    String(status),
    title,
    advice,
  ]);
  return `<!-- Made by packages/contracts/scripts/generate.ts from packages/contracts/src/errors.ts: change that and run \`make generate\`. -->
# Errors

Every error has a code that stays the same from version to version; messages and titles may change. The message says what happened, where, and what to do.

- **The API** answers with problem details (RFC 9457, \`application/problem+json\`): \`status\`, \`title\`, \`detail\` (the message) and \`code\`.
- **The command line** prints \`cinelake: <message> [<code>]\` on standard error. It ends with 2 for a wrong argument, 130 when it was told to stop, 1 for all else.
- **Logs** carry the code in \`err.code\`.

${markdownTable(["Code", "Status", "Title", "What to do"], rows)}
`;
}
