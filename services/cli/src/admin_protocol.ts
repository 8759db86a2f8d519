import type { StepProgress } from "@cinelake/all_in_one";
import type { ErrorCode } from "@cinelake/contracts";
import type { CommandResult, OptionValues } from "./command.ts";

/** What a command line asks of the owner of its data directory: POST /commands, one JSON object. */
export interface CommandRequest {
  readonly command: string;
  readonly options: OptionValues;
}

/** The owner's answer: one JSON object a line, the last of type `result` or `error`. */
export type CommandMessage =
  | { readonly type: "line"; readonly text: string }
  | { readonly type: "progress"; readonly progress: StepProgress }
  | { readonly type: "finished"; readonly name: string; readonly milliseconds: number; readonly failed: boolean }
  | { readonly type: "result"; readonly result: CommandResult }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string };
