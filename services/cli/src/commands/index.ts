import type { Command } from "../command.ts";
import { bootstrapCommand } from "./bootstrap.ts";
import { demoCommand } from "./demo.ts";
import { dlqListCommand } from "./dlq_list.ts";
import { dlqRedriveCommand } from "./dlq_redrive.ts";
import { etlCommand } from "./etl.ts";
import { evaluateCommand } from "./evaluate.ts";
import { eventsReplayCommand } from "./events_replay.ts";
import { eventsSendCommand } from "./events_send.ts";
import { modelListCommand } from "./model_list.ts";
import { serveCommand } from "./serve.ts";
import { statusCommand } from "./status.ts";
import { tableConvertCommand } from "./table_convert.ts";
import { tableDescribeCommand } from "./table_describe.ts";
import { tableHistoryCommand } from "./table_history.ts";
import { tableOptimizeCommand } from "./table_optimize.ts";
import { tableReadCommand } from "./table_read.ts";
import { tableRestoreCommand } from "./table_restore.ts";
import { tableVacuumCommand } from "./table_vacuum.ts";
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
  eventsReplayCommand,
  dlqListCommand,
  dlqRedriveCommand,
  topicsCreateCommand,
  tableReadCommand,
  tableHistoryCommand,
  tableDescribeCommand,
  tableOptimizeCommand,
  tableVacuumCommand,
  tableRestoreCommand,
  tableConvertCommand,
  modelListCommand,
  statusCommand,
];
