import type { ConfigVariable } from "./config.ts";

export interface ConfigurationSection {
  readonly title: string;
  readonly description?: string;
  readonly variables: readonly ConfigVariable[];
}

/** Text of docs/configuration.md: a table of variables for each section. */
export function configurationPage(sections: readonly ConfigurationSection[]): string {
  const head = [
    "# Configuration\n",
    "Every setting is an environment variable, or a line `NAME=value` of the file that `CONFIG_FILE` names; the environment has the last word.",
    "An empty variable counts as absent; a name in the file that is not listed here is a mistake. A mistake stops the start with one message that lists all of them.\n",
  ];
  return `${[...head, ...sections.map(sectionText)].join("\n").trimEnd()}\n`;
}

function sectionText({ title, description, variables }: ConfigurationSection): string {
  const rows = variables.map(
    ({ name, type, default: fallback, description }) =>
      `| \`${name}\` | ${cell(type)} | ${fallback === undefined ? "must be set" : fallback && `\`${cell(fallback)}\``} | ${cell(description)} |`,
  );
  return [
    `## ${title}\n`,
    ...(description ? [`${description}\n`] : []),
    "| Variable | Value | Default | Meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
