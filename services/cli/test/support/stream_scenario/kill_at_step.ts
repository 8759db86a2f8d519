import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DEAD_LETTER_TOPIC } from "@cinelake/contracts";
import type { EventLog } from "@cinelake/event_log";
import type { ObjectStore } from "@cinelake/object_store";

/** The steps of the stream consumer at which a process may be told to kill itself. */
export const STEPS = [
  /** A data file of a Silver table is in the store, and no commit names it. */
  "after_upload",
  /** Silver has the events, Bronze has not. */
  "between_commits",
  /** Both have them, and the group's offsets are as before. */
  "before_offset_commit",
  /** Dead letters are on their way to the log. */
  "while_dead_lettering",
  /** The log has the dead letters, and no table has moved on. */
  "after_dead_lettering",
] as const;
export type Step = (typeof STEPS)[number];

/** What a process says on standard error before it kills itself. */
export const KILLED_AT = "kills itself at step ";

const SILVER_FILE = /\/silver_events_[^/]+\/(?!_delta_log)/;
const SILVER_COMMIT = /\/silver_events_[^/]+\/_delta_log\/0*[1-9]\d*\.json$/;

/** The ports of a process that kills itself with SIGKILL when it comes to the step of KILL_AT_STEP for the KILL_AT_OCCURRENCE-th time. */
export function killAtStep<P extends { readonly log: EventLog; readonly store: ObjectStore }>(ports: P): P {
  const step = process.env["KILL_AT_STEP"];
  let left = Number(process.env["KILL_AT_OCCURRENCE"]);
  const reach = (reached: Step): void => {
    if (step !== reached || --left > 0) return;
    writeSync(2, `${KILLED_AT}${step}\n`);
    process.kill(process.pid, "SIGKILL");
  };
  const store = around(ports.store, {
    async putFile(call, key) {
      await call();
      if (SILVER_FILE.test(`/${String(key)}`)) reach("after_upload");
    },
    async putIfAbsent(call, key) {
      const won = await call();
      if (won && SILVER_COMMIT.test(`/${String(key)}`)) reach("between_commits");
      return won;
    },
  });
  const log = around(ports.log, {
    async append(call, topic) {
      if (topic !== DEAD_LETTER_TOPIC) return await call();
      const sending = call();
      await sleep(step === "while_dead_lettering" ? 2 : 0);
      reach("while_dead_lettering");
      const appended = await sending;
      reach("after_dead_lettering");
      return appended;
    },
    async consumer(call) {
      return around((await call()) as object, {
        async commit(commit) {
          reach("before_offset_commit");
          await commit();
        },
      });
    },
  });
  return { ...ports, store, log };
}

/** The port, with some of its methods run by functions that get the real call. */
function around<T extends object>(
  port: T,
  methods: Readonly<Record<string, (call: () => Promise<unknown>, ...args: unknown[]) => Promise<unknown>>>,
): T {
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const wrap = typeof name === "string" ? methods[name] : undefined;
      return (...args: unknown[]) => {
        const call = (): Promise<unknown> => Reflect.apply(value, target, args) as Promise<unknown>;
        return wrap ? wrap(call, ...args) : call();
      };
    },
  });
}
