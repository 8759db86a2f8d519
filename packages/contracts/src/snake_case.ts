/** The name of a TypeScript property as JSON, tables and metrics write it: `modelVersion` is `model_version`; `ndcg@10` stays. */
export function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[^_])[A-Z]/g, "_$&").toLowerCase();
}

/** A JSON value whose objects, at any depth, have their keys in snake_case; their order and the values stay. */
export function withSnakeCaseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSnakeCaseKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), withSnakeCaseKeys(inner)]));
}
