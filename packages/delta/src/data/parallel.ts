const WIDTH = 16;

/** Maps over items, a bounded number at a time; results in order. After an error no further item is begun, and all begun ones end before it is thrown. */
export async function parallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  width = WIDTH,
): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && errors.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, index);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}
