import type { Socket } from "node:net";
import { problem, PROBLEM_TYPE, problemOf } from "./problem.ts";

/** Answers bytes that are no HTTP request (or one with too long a head, or one that does not arrive) and ends the connection. */
export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) return void socket.destroy();
  const body = JSON.stringify(problemOf(problem("invalid_argument", detailOf(error.code)), undefined));
  const head = [
    "HTTP/1.1 400 Bad Request",
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function detailOf(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") return "The request's address and headers are too long";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "The request did not arrive in time";
  return "This is not an HTTP request that can be read";
}
