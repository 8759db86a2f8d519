/** Says of a path from a table's folder whether it lies in a table inside of that folder, by all the paths there. */
export function innerTables(paths: readonly string[]): (path: string) => boolean {
  const folders = new Set(paths.flatMap((path) => /^(.+?\/)_delta_log\//.exec(path)?.[1] ?? []));
  return (path) => Array.from(folders).some((folder) => path.startsWith(folder));
}
