import { CinelakeError } from "@cinelake/contracts";

/** A data set that the bootstrap knows by name. */
export interface Dataset {
  readonly name: string;
  /** Archive's address; undefined for data made here. */
  readonly url: string | undefined;
  /** Address of the archive's published MD5. */
  readonly md5Url: string | undefined;
  readonly description: string;
}

const GROUPLENS = "https://files.grouplens.org/datasets/movielens";

const movielens = (name: string, description: string): Dataset => ({
  name,
  url: `${GROUPLENS}/${name}.zip`,
  md5Url: `${GROUPLENS}/${name}.zip.md5`,
  description,
});

export const SYNTHETIC = "synthetic";

export const DATASETS: readonly Dataset[] = [
  movielens("ml-25m", "25,000,095 ratings of 62,423 films by 162,541 users (250 MB)"),
  movielens("ml-32m", "32,000,204 ratings of 87,585 films by 200,948 users (239 MB)"),
  movielens("ml-latest-small", "100,836 ratings of 9,742 films by 610 users (1 MB)"),
  { name: SYNTHETIC, url: undefined, md5Url: undefined, description: "generated, of ML-25M's shape at any scale" },
];

/**
 * The data set of that name. A name that is not in the list is allowed when the caller names a source (`hasSource`): it becomes
 * a folder and part of ids, so it is limited to `[a-z0-9]` with `-`, `_` and `.` inside, 64 characters. `invalid_argument` otherwise.
 */
export function findDataset(name: string, hasSource: boolean): Dataset {
  const known = DATASETS.find((dataset) => dataset.name === name);
  if (known) return known;
  const names = DATASETS.map((dataset) => dataset.name).join(", ");
  if (!hasSource) {
    throw new CinelakeError(
      "invalid_argument",
      `Data set ${JSON.stringify(name)} is not known. Known are ${names}; for another one name its archive with --source.`,
    );
  }
  if (!/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/.test(name)) {
    throw new CinelakeError(
      "invalid_argument",
      `Data set name ${JSON.stringify(name)} must be 1 to 64 characters of a-z, 0-9, "-", "_" and ".", the first and last a letter or digit.`,
    );
  }
  return { name, url: undefined, md5Url: undefined, description: "a data set of one's own in MovieLens' format" };
}
