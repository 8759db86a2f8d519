import { CinelakeError } from "@cinelake/contracts";

/** What the archive's directory says of one entry. */
export interface ZipEntry {
  readonly fileName: string;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly compressionMethod: number;
  readonly generalPurposeBitFlag: number;
  readonly versionMadeBy: number;
  readonly externalFileAttributes: number;
}

export interface ZipLimits {
  readonly entries: number;
  /** Bytes of all extracted files. */
  readonly bytes: number;
  /** Unpacked to packed, for files of more than a megabyte. */
  readonly ratio: number;
}

/** ML-32M unpacks to about 1 GB at a ratio of 4. */
export const DEFAULT_LIMITS: ZipLimits = { entries: 1000, bytes: 20e9, ratio: 100 };

/** Files that a data set must have, in the order in which they are loaded. */
export const REQUIRED_FILES = ["ratings.csv", "movies.csv", "tags.csv", "links.csv"] as const;
const OPTIONAL_FILES = ["genome-scores.csv", "genome-tags.csv", "README.txt", "README.html"] as const;
export const KNOWN_FILES: readonly string[] = [...REQUIRED_FILES, ...OPTIONAL_FILES];

const TYPE_MASK = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/**
 * Chooses the entries to extract, by the file's name, at the archive's root or one folder below it. The whole archive is refused
 * (`archive_invalid`) if any entry is a link or device, leaves the folder, or shares its name with another, or if a chosen entry
 * is encrypted, packed by an unknown method or larger than the limits. A missing required file is `dataset_invalid`.
 */
export function planExtraction<E extends ZipEntry>(
  archive: string,
  entries: readonly E[],
  limits: ZipLimits = DEFAULT_LIMITS,
): ReadonlyMap<string, E> {
  const refuse = (reason: string): never => {
    throw new CinelakeError("archive_invalid", `Archive ${archive} is refused: ${reason}.`, { details: { archive } });
  };
  if (entries.length > limits.entries)
    refuse(`it has ${entries.length} entries, at most ${limits.entries} are allowed`);
  const names = new Set<string>();
  const chosen = new Map<string, E>();
  let bytes = 0;
  for (const entry of entries) {
    const reason = unsafe(entry);
    if (reason !== undefined) refuse(`entry ${JSON.stringify(entry.fileName)} ${reason}`);
    const folded = entry.fileName.normalize("NFC").toLowerCase();
    if (names.has(folded)) refuse(`two entries are called ${JSON.stringify(entry.fileName)}`);
    names.add(folded);
    const parts = entry.fileName.split("/");
    const name = parts.at(-1)!;
    if (!KNOWN_FILES.includes(name) || parts.length > 2 || parts[0] === "__MACOSX") continue;
    if (chosen.has(name)) refuse(`it has ${name} in two folders`);
    chosen.set(name, entry);
    bytes += entry.uncompressedSize;
    if ((entry.generalPurposeBitFlag & 1) !== 0) refuse(`${name} is encrypted`);
    if (![0, 8].includes(entry.compressionMethod))
      refuse(`${name} is packed by method ${entry.compressionMethod}, not deflate`);
    if (entry.uncompressedSize > 1e6 && entry.uncompressedSize > limits.ratio * entry.compressedSize) {
      refuse(`${name} would unpack to ${entry.uncompressedSize} bytes from ${entry.compressedSize}`);
    }
    if (bytes > limits.bytes) refuse(`its files would unpack to more than ${limits.bytes} bytes`);
  }
  requireFiles(archive, [...chosen.keys()]);
  return new Map(KNOWN_FILES.filter((name) => chosen.has(name)).map((name) => [name, chosen.get(name)!]));
}

/** `dataset_invalid` naming the required files that are not among `names`. */
export function requireFiles(where: string, names: readonly string[]): void {
  const missing = REQUIRED_FILES.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new CinelakeError(
    "dataset_invalid",
    `${where} has no ${missing.join(", no ")}; a MovieLens data set has ${REQUIRED_FILES.join(", ")}.`,
    {
      details: { missing },
    },
  );
}

/** Why an entry must not be in an archive that we open, or undefined. */
function unsafe(entry: ZipEntry): string | undefined {
  const name = entry.fileName;
  if (name === "" || /\p{Cc}/u.test(name)) return "has no usable name";
  if (name.startsWith("/") || name.includes("\\") || /^[A-Za-z]:/.test(name)) return "is an absolute path";
  if (name.split("/").some((part) => part === ".." || part === ".")) return "leads out of the folder";
  const unix = entry.versionMadeBy >> 8 === 3;
  const type = unix ? (entry.externalFileAttributes >>> 16) & TYPE_MASK : 0;
  return type === 0 || type === REGULAR || type === FOLDER ? undefined : "is a link or device, not a file";
}
