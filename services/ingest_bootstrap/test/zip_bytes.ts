import { crc32, deflateRawSync } from "node:zlib";

export interface ZipItem {
  readonly name: string;
  readonly content: string | Buffer;
  /** Unix mode, e.g. 0o120777 for a symbolic link. */
  readonly mode?: number;
  readonly store?: boolean;
  /** Lies that the directory tells. */
  readonly crc?: number;
  readonly declaredSize?: number;
  readonly flags?: number;
  readonly method?: number;
}

/** Bytes of a zip archive with exactly these entries, well-formed apart from the lies that they ask for. */
export function zipBytes(items: readonly ZipItem[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const item of items) {
    const content = Buffer.from(item.content);
    const data = item.store ? content : deflateRawSync(content);
    const name = Buffer.from(item.name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE((item.flags ?? 0) | 0x800, 2);
    common.writeUInt16LE(item.method ?? (item.store ? 0 : 8), 4);
    common.writeUInt32LE(item.crc ?? crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(item.declaredSize ?? content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((item.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), common, tail, name);
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(items.length, 4);
  end.writeUInt16LE(items.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from("PK\x05\x06"), end]);
}

/** Content of the four required files: a few rows, with commas, quotes and an empty value. */
export const SMALL_FILES: Readonly<Record<string, string>> = {
  "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,964982703\n1,3,3.5,964981247\n2,1,0.5,1445714994\n",
  "movies.csv":
    'movieId,title,genres\n1,"American President, The (1995)",Comedy|Drama\n3,"""Great Performances"" Cats (1998)",Musical\n',
  "tags.csv": 'userId,movieId,tag,timestamp\n2,1,"so bad, it\'s good",1445714994\n',
  "links.csv": "movieId,imdbId,tmdbId\n1,0112346,9087\n3,0173714,\n",
};

export function smallZip(
  changes: Readonly<Record<string, string | undefined>> = {},
  more: readonly ZipItem[] = [],
): Buffer {
  const files = Object.entries({ ...SMALL_FILES, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return zipBytes([...files.map(([name, content]) => ({ name: `small/${name}`, content })), ...more]);
}
