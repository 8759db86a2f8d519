const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const VALUES: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

/** Bytes of a text in Z85 (ZeroMQ's base 85, rfc.zeromq.org/spec/32): four for each five characters. Undefined if it is none. */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at += 5) {
    let word = 0;
    for (const character of text.slice(at, at + 5)) word = word * 85 + (VALUES.get(character) ?? Number.NaN);
    if (!(word <= 0xffffffff)) return undefined;
    view.setUint32((at / 5) * 4, word);
  }
  return bytes;
}
