import { defaultAlsOptions, preferenceOfRating, type AlsOptions } from "@cinelake/als";

/** Settings that are tried on the validation parts. */
export interface Candidate {
  readonly name: string;
  readonly options: AlsOptions;
  readonly preference: (stars: number) => number;
}

const around = (name: string, changes: Partial<AlsOptions>): Candidate => ({
  name,
  options: { ...defaultAlsOptions, ...changes },
  preference: preferenceOfRating,
});

/** Settings around the shipped ones. Lambda and nu go together: a greater nu weighs long rows more, so its lambda is smaller. */
export const SETTINGS_GRID: readonly Candidate[] = [
  ...[0.05, 0.08, 0.12].flatMap((regularization) =>
    [0.1, 0.15, 0.25].map((unobservedWeight) =>
      around(`nu 0.7, lambda ${regularization}, alpha0 ${unobservedWeight}`, {
        frequencyExponent: 0.7,
        regularization,
        unobservedWeight,
      }),
    ),
  ),
  around("nu 0.5, lambda 0.2, alpha0 0.15", { frequencyExponent: 0.5, regularization: 0.2 }),
  around("nu 0.5, lambda 0.3, alpha0 0.15", { frequencyExponent: 0.5, regularization: 0.3 }),
  around("nu 1, lambda 0.01, alpha0 0.15", { frequencyExponent: 1, regularization: 0.01 }),
  around("nu 1, lambda 0.02, alpha0 0.15", { frequencyExponent: 1, regularization: 0.02 }),
  around("shipped, but 32 factors", { factors: 32 }),
];

/** What stars could mean instead of `preferenceOfRating`; measured beside the grid, never picked from it. */
export const PREFERENCE_SHAPES: readonly Candidate[] = [
  { name: "every rating 1", options: defaultAlsOptions, preference: () => 1 },
  {
    name: "4 stars and more 1, others left out",
    options: defaultAlsOptions,
    preference: (stars) => (stars >= 4 ? 1 : 0),
  },
  { name: "(stars - 2) / 2", options: defaultAlsOptions, preference: (stars) => (stars - 2) / 2 },
];
