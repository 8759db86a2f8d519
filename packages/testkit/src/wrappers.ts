/** Decides before each call of a port's method: throw, or undefined to let it pass. `after` runs once the real call has succeeded. */
export interface FaultPlan {
  readonly before?: (method: string, args: readonly unknown[]) => Error | undefined;
  /** An error here is a lost answer: the call took effect, the caller sees a failure. */
  readonly after?: (method: string, args: readonly unknown[]) => Error | undefined;
}

/** The port, with faults injected by plan into its asynchronous methods. */
export function faulty<T extends object>(port: T, plan: FaultPlan): T {
  return wrapMethods(port, (method, args, call) => {
    const early = plan.before?.(method, args);
    if (early) return Promise.reject(early);
    const result = call();
    if (!(result instanceof Promise)) return result;
    return result.then((value: unknown) => {
      const late = plan.after?.(method, args);
      if (late) throw late;
      return value;
    });
  });
}

/** The port, and how often each of its methods was called. */
export function counting<T extends object>(port: T): { port: T; calls: Map<string, number> } {
  const calls = new Map<string, number>();
  const wrapped = wrapMethods(port, (method, _args, call) => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    return call();
  });
  return { port: wrapped, calls };
}

function wrapMethods<T extends object>(
  port: T,
  around: (method: string, args: readonly unknown[], call: () => unknown) => unknown,
): T {
  return new Proxy(port, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      if (typeof property !== "string") return value.bind(target);
      return (...args: unknown[]) => around(property, args, () => Reflect.apply(value, target, args));
    },
  });
}
