const EVERY_MS = 60_000;

/**
 * `tell`, but of the same trouble at most once a minute: what is tried each second while a server is away needs no line each second.
 * Two errors are the same trouble when their messages are.
 */
export function sparingly(
  tell: (error: unknown) => void,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  let last: { readonly message: string; readonly at: number } | undefined;
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    if (last?.message === message && now() - last.at < EVERY_MS) return;
    last = { message, at: now() };
    tell(error);
  };
}
