export { bronzeToSilver, type EtlResult } from "./service.ts";
export { formatReport } from "./format_report.ts";
export type { EtlInput, EtlPorts, EtlProgress } from "./ports.ts";
export type { QualityReport } from "./quality.ts";
