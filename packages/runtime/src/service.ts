/** A running part of the platform. `start` and `stop` are idempotent; `stop` drains: what was accepted is finished. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Undefined when well, else what is wrong, in one line. */
  health(): Promise<string | undefined>;
}
