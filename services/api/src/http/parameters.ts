import { z } from "zod";

const MAX_ID = Number.MAX_SAFE_INTEGER;
const WHOLE = /^[0-9]{1,16}$/;

/**
 * A whole number in a path or a query: digits only, so that `1e3`, `0x10`, `5.0`, blanks, a repeated or an empty parameter are refused
 * rather than guessed at.
 */
export function wholeNumber(range: { min: number; max: number; description: string; default?: number }) {
  const { min, max, description } = range;
  const expected = `must be a whole number from ${min} to ${max}`;
  return z
    .string({ error: `${expected}, given once` })
    .transform((text, context) => {
      const value = WHOLE.test(text) ? Number(text) : Number.NaN;
      if (value >= min && value <= max && Number.isSafeInteger(value)) return value;
      context.addIssue(expected);
      return z.NEVER;
    })
    .meta({
      type: "integer",
      minimum: min,
      maximum: max,
      description,
      ...(range.default === undefined ? {} : { default: range.default }),
    });
}

/** An id of a user or a film. */
export const idParameter = (description: string) => wholeNumber({ min: 1, max: MAX_ID, description });

/** How many films to answer with. */
export const kParameter = wholeNumber({ min: 1, max: 500, default: 10, description: "How many, 1 to 500." })
  .optional()
  .transform((k) => k ?? 10);

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
