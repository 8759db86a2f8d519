import { z } from "zod";

const MAX_ID = Number.MAX_SAFE_INTEGER;
const WHOLE = /^[0-9]{1,16}$/;

interface WholeNumberRange {
  readonly min: number;
  readonly max: number;
  readonly description: string;
}

/**
 * A whole number in a path or a query: digits only, so that `1e3`, `0x10`, `5.0`, blanks and a repeated parameter are refused rather
 * than guessed at.
 */
function wholeNumber(range: WholeNumberRange) {
  return numberText(range)
    .transform((text, context) => {
      const value = valueIn(range, text);
      if (value !== undefined) return value;
      context.addIssue(expectation(range));
      return z.NEVER;
    })
    .meta(numberMeta(range));
}

/** The same for a query, where an absent or empty parameter is `otherwise`. */
export function wholeNumberOr<T extends number | undefined>(otherwise: T, range: WholeNumberRange) {
  return numberText(range)
    .transform((text, context): number | T => {
      const value = text === "" ? otherwise : valueIn(range, text);
      if (value !== undefined || text === "") return value as number | T;
      context.addIssue(expectation(range));
      return z.NEVER;
    })
    .optional()
    .transform((value) => value ?? otherwise)
    .meta(numberMeta(range));
}

/** An id of a user or a film. */
export const idParameter = (description: string) => wholeNumber({ min: 1, max: MAX_ID, description });
export const optionalIdParameter = (description: string) =>
  wholeNumberOr(undefined, { min: 1, max: MAX_ID, description });

/** How many films to answer with. */
export const kParameter = wholeNumberOr(10, { min: 1, max: 500, description: "How many, 1 to 500; 10 by default." });

function numberText(range: WholeNumberRange) {
  return z.string({ error: `${expectation(range)}, given once` });
}

function expectation({ min, max }: WholeNumberRange): string {
  return `must be a whole number from ${min} to ${max}`;
}

function valueIn({ min, max }: WholeNumberRange, text: string): number | undefined {
  const value = WHOLE.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max && Number.isSafeInteger(value) ? value : undefined;
}

function numberMeta({ min, max, description }: WholeNumberRange) {
  return { type: "integer", minimum: min, maximum: max, description } as const;
}

const MAX_EXCLUDED = 1000;

/** Ids in one parameter, with commas, or in several. */
export const excludeParameter = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given, context) => {
    const ids = [given ?? []]
      .flat()
      .flatMap((text) => text.split(","))
      .filter((text) => text !== "");
    const numbers = ids.map((text) => (WHOLE.test(text) ? Number(text) : Number.NaN));
    if (numbers.length <= MAX_EXCLUDED && numbers.every((id) => Number.isSafeInteger(id) && id > 0)) return numbers;
    context.addIssue(`must be at most ${MAX_EXCLUDED} film ids with commas between them`);
    return z.NEVER;
  })
  .meta({ type: "string", description: "Ids of films to leave out, with commas." });

/** Text without control characters (a NUL among them). */
export function textParameter(description: string, maximum: number) {
  return (
    z
      .string({ error: "must be text, given once" })
      .max(maximum, `must have at most ${maximum} characters`)
      // oxlint-disable-next-line no-control-regex
      .regex(/^[^\u0000-\u001f\u007f]*$/, "must not contain control characters")
      .describe(description)
  );
}

/** `after`: a position that POST /events answered. */
export const afterParameter = textParameter(
  "Position from POST /events; waits up to 250 ms until it is reflected.",
  4096,
).optional();
