import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import type { Ratings } from "@cinelake/evaluation";

/** The ratings of a MovieLens archive as rows of rising ids. */
export function movieLensRatings(archive: string): Ratings {
  const lines = zipEntry(readFileSync(archive), "/ratings.csv").trim().split("\n").slice(1);
  const rows = lines.map((line) => line.split(",").map(Number) as [number, number, number, number]);
  const placeOf = (column: 0 | 1): Map<number, number> => {
    const ids = [...new Set(rows.map((row) => row[column]))].sort((a, b) => a - b);
    return new Map(ids.map((id, place) => [id, place]));
  };
  const [users, films] = [placeOf(0), placeOf(1)];
  return {
    users: users.size,
    films: films.size,
    user: Int32Array.from(rows, ([user]) => users.get(user)!),
    film: Int32Array.from(rows, ([, film]) => films.get(film)!),
    stars: Float32Array.from(rows, ([, , stars]) => stars),
    time: Float64Array.from(rows, ([, , , time]) => time),
  };
}

/** Text of the first entry whose name ends so. */
function zipEntry(zip: Buffer, ending: string): string {
  let at = zip.readUInt32LE(zip.lastIndexOf("PK\x05\x06") + 16);
  while (zip.toString("latin1", at, at + 4) === "PK\x01\x02") {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    if (name.endsWith(ending)) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return (zip.readUInt16LE(at + 10) === 0 ? bytes : inflateRawSync(bytes)).toString("utf8");
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`The archive has no entry that ends with ${ending}`);
}
