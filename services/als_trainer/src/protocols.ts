import {
  filterRatings,
  leaveLastOut,
  randomSplit,
  temporalSplit,
  type Ratings,
  type Split,
} from "@cinelake/evaluation";

export const PROTOCOL_NAMES = ["random_fifth", "last_film", "latest_fifth"] as const;
export type ProtocolName = (typeof PROTOCOL_NAMES)[number];

/** How quality is measured: a test part nobody looks at while settings are picked, and a validation part carved from the rest. */
export interface Protocol {
  readonly name: ProtocolName;
  readonly title: string;
  readonly validation: Split;
  readonly test: Split;
}

interface Recipe {
  readonly title: string;
  /** What is kept of the ratings at all. */
  readonly keep: (stars: number) => boolean;
  /** Holds out a part; `round` 0 makes the test part, 1 the validation part of its training part. */
  readonly split: (ratings: Ratings, round: number) => Split;
}

const SEED = 20_240;
const FRACTION = 0.2;
/** One film of each user decides too little between settings; validation holds out the last five of the training part. */
const VALIDATION_FILMS = 5;

const RECIPES: Readonly<Record<ProtocolName, Recipe>> = {
  random_fifth: {
    title: "a random fifth of the ratings >= 4 held out, other ratings not used",
    keep: (stars) => stars >= 4,
    split: (ratings, round) => randomSplit(ratings, { fraction: FRACTION, seed: SEED + round }),
  },
  last_film: {
    title: "each user's last film held out, whatever its stars",
    keep: () => true,
    split: (ratings, round) => leaveLastOut(ratings, { count: round === 0 ? 1 : VALIDATION_FILMS }),
  },
  latest_fifth: {
    title: "the latest fifth of all ratings held out",
    keep: () => true,
    split: (ratings) => temporalSplit(ratings, { fraction: FRACTION }),
  },
};

/** Splits the ratings as the named protocol says; equal ratings give equal parts. */
export function makeProtocol(name: ProtocolName, ratings: Ratings): Protocol {
  const { title, keep, split } = RECIPES[name];
  const test = split(filterRatings(ratings, keep), 0);
  return { name, title, test, validation: split(test.train, 1) };
}
