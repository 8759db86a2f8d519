import type { AddFile } from "../log/actions.ts";

/** A file of this share of the target size is large enough to be left alone. */
const largeShare = 0.75;

interface Bin {
  readonly files: AddFile[];
  bytes: number;
}

/**
 * Which files become one: small ones of a partition, in the log's order (files of one time stay together), each into the first bin that it
 * fits into, so that no two bins of a partition would fit into one. A bin of fewer than `minFiles` files is left out, unless one has a
 * deletion vector. Above two, a bin holds files of one size only, within a factor of `minFiles`: size-tiered compaction, which
 * rewrites a row as often as its table has tiers.
 */
export function planBins(files: Iterable<AddFile>, targetFileSize: number, minFiles = 2): AddFile[][] {
  const wanted = Array.from(files).filter((file) => file.deletionVector || file.size < targetFileSize * largeShare);
  return groupByPartition(wanted)
    .flatMap((group) => (minFiles > 2 ? tiersOf(group, minFiles) : [group]))
    .flatMap((group) => packed(group, targetFileSize))
    .filter((bin) => bin.length >= minFiles || bin.some((file) => file.deletionVector));
}

function tiersOf(files: readonly AddFile[], factor: number): AddFile[][] {
  const tier = ({ size }: AddFile): number => Math.floor(Math.log(Math.max(1, size)) / Math.log(factor));
  return [...Map.groupBy(files, tier).values()];
}

/** Files that share all partition values. */
export function groupByPartition(files: Iterable<AddFile>): AddFile[][] {
  const groups = new Map<string, AddFile[]>();
  for (const file of files) {
    const values = Object.entries(file.partitionValues).map(([name, value]) => [name, value || null]);
    const key = JSON.stringify(values.sort(([a], [b]) => (a! < b! ? -1 : 1)));
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return Array.from(groups.values());
}

function packed(files: readonly AddFile[], targetFileSize: number): AddFile[][] {
  const smallest = files.reduce((least, { size }) => Math.min(least, size), Infinity);
  const full: Bin[] = [];
  let open: Bin[] = [];
  for (const file of files) {
    const bin = open.find(({ bytes }) => bytes + file.size <= targetFileSize);
    if (!bin) open.push({ files: [file], bytes: file.size });
    else {
      bin.files.push(file);
      bin.bytes += file.size;
    }
    const changed = bin ?? open.at(-1)!;
    if (changed.bytes + smallest <= targetFileSize) continue;
    full.push(changed);
    open = open.filter((other) => other !== changed);
  }
  return [...full, ...open].map((done) => done.files);
}

/** Cuts that many rows into as many ranges [from, to), of sizes that differ by one at most. */
export function evenRanges(rows: number, parts: number): [from: number, to: number][] {
  const at = (part: number): number => Math.floor((part * rows) / parts);
  const ranges = Array.from({ length: parts }, (_, part): [number, number] => [at(part), at(part + 1)]);
  return ranges.filter(([from, to]) => to > from);
}
