/** What a span is to others: `server` answers a request, `producer` appends records, `consumer` works on them, `internal` is neither. */
export type SpanKind = "internal" | "server" | "producer" | "consumer";

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Default internal. */
  readonly kind?: SpanKind;
  /** What it is a part of: a span of this process, or W3C `traceparent` of another's. Without one, or with one that is none, a trace begins. */
  readonly parent?: Span | string | undefined;
  /** `traceparent` of spans that this one follows from without being a part of them. Not asked for where nothing is traced. */
  readonly links?: () => readonly string[];
  readonly attributes?: SpanAttributes;
}

/** A piece of work with a beginning and an end. */
export interface Span {
  /** Whether it goes to the collector. */
  readonly sampled: boolean;
  /** W3C `traceparent`, for what this span causes elsewhere; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  set(attributes: SpanAttributes): void;
  /** Ends it, once; with an error if there was one. */
  end(error?: unknown): void;
}

/**
 * Tells a collector what the process does. Never makes work wait, fail or grow in memory: spans that cannot be sent are dropped.
 * Disposing sends what waits, for a bounded time.
 */
export interface Tracing extends AsyncDisposable {
  begin(name: string, options?: SpanOptions): Span;
}

/** The span of a process that is not traced. */
export const NO_SPAN: Span = { sampled: false, traceparent: undefined, set() {}, end() {} };

/** Traces nothing, at no cost. */
export const NO_TRACING: Tracing = { begin: () => NO_SPAN, async [Symbol.asyncDispose]() {} };

/** Runs `work` in a span that ends with it. */
export async function inSpan<T>(
  tracing: Tracing,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracing.begin(name, options);
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
