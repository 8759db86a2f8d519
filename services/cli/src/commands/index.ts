import type { Command } from "../command.ts";
import { bootstrapCommand } from "./bootstrap.ts";
import { demoCommand } from "./demo.ts";
import { etlCommand } from "./etl.ts";
import { evaluateCommand } from "./evaluate.ts";
import { eventsSendCommand } from "./events_send.ts";
import { modelListCommand } from "./model_list.ts";
import { serveCommand } from "./serve.ts";
import { statusCommand } from "./status.ts";
import { tableHistoryCommand, tableReadCommand } from "./table.ts";
import { topicsCreateCommand } from "./topics_create.ts";
import { trainCommand } from "./train.ts";
import { trendingCommand } from "./trending.ts";
import { validateCommand } from "./validate.ts";

/** All commands, in the order that help shows them. */
export const commands: readonly Command[] = [
  demoCommand,
  bootstrapCommand,
  validateCommand,
  etlCommand,
  trainCommand,
  evaluateCommand,
  serveCommand,
  trendingCommand,
  eventsSendCommand,
  topicsCreateCommand,
  tableReadCommand,
  tableHistoryCommand,
  modelListCommand,
  statusCommand,
];
