/** Reproducible randomness for generated data; the same seed and labels give the same numbers on every machine. */
export interface RandomStream {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [0, bound). */
  int(bound: number): number;
  /** Standard normal (Box-Muller, one value per two uniforms). */
  normal(): number;
}

/**
 * A stream of its own for each (seed, label, index), so that one user's draws do not depend on another's.
 * Generator: xoshiro128** (Blackman and Vigna), state filled by splitmix32.
 */
export function randomStream(seed: number, label: string, index = 0): RandomStream {
  let fill = hashText(label) ^ Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(index | 0, 0x85ebca6b);
  const splitmix = (): number => {
    fill = (fill + 0x9e3779b9) | 0;
    let z = fill ^ (fill >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let s0 = splitmix();
  let s1 = splitmix();
  let s2 = splitmix();
  let s3 = splitmix() | 1;
  const bits = (): number => {
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    return result >>> 0;
  };
  const next = (): number => bits() / 4294967296;
  return {
    next,
    int: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** Draws indices in proportion to weights in constant time (Vose's alias method). */
export interface AliasTable {
  readonly probability: Float32Array;
  readonly alias: Int32Array;
}

/** Weights: not negative, at least one positive. */
export function aliasTable(weights: Float64Array): AliasTable {
  const size = weights.length;
  let sum = 0;
  for (const weight of weights) sum += weight;
  const scaled = weights.map((weight) => (weight * size) / sum);
  const probability = new Float32Array(size).fill(1);
  const alias = Int32Array.from({ length: size }, (_, index) => index);
  const small: number[] = [];
  const large: number[] = [];
  scaled.forEach((value, index) => (value < 1 ? small : large).push(index));
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.at(-1)!;
    probability[less] = scaled[less]!;
    alias[less] = more;
    scaled[more] = scaled[more]! + scaled[less]! - 1;
    if (scaled[more]! < 1) small.push(large.pop()!);
  }
  return { probability, alias };
}

export function drawFrom(table: AliasTable, random: RandomStream): number {
  const index = random.int(table.probability.length);
  return random.next() < table.probability[index]! ? index : table.alias[index]!;
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
