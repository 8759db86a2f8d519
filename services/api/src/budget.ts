/** Room for a number of things at once, bytes or others. */
export interface Budget {
  /** Whether so much fits now. Something always fits where nothing is, however large, so that nothing is refused for ever. */
  fits(amount: number): boolean;
  take(amount: number): void;
  give(amount: number): void;
}

export function createBudget(limit: number): Budget {
  let used = 0;
  return {
    fits: (amount) => used === 0 || used + amount <= limit,
    take: (amount) => void (used += amount),
    give: (amount) => void (used -= amount),
  };
}
