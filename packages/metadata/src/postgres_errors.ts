import { CinelakeError } from "@cinelake/contracts";
import { DatabaseError } from "pg";

/**
 * What PostgreSQL or its client threw, for a person: `metadata_unavailable` if it may pass (no connection, a restart, a time limit),
 * `config_invalid` for refused credentials or a database that is not there, `invalid_argument` for a value that fits no column. Other
 * errors, such as a broken constraint, are given back as they are. Classes of SQLSTATE: PostgreSQL's manual, appendix A.
 */
export function explainError(thrown: unknown, address: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof CinelakeError || thrown instanceof TypeError) return thrown;
  const reason = thrown.message || String((thrown as NodeJS.ErrnoException).code ?? thrown.name);
  const explain = (code: "metadata_unavailable" | "config_invalid" | "invalid_argument", text: string): CinelakeError =>
    new CinelakeError(code, text, { cause: thrown });
  if (!(thrown instanceof DatabaseError)) {
    return explain(
      "metadata_unavailable",
      `The metadata database ${address} cannot be reached (${reason}). See that it runs and speaks as METADATA_URL says, then repeat.`,
    );
  }
  const { code = "" } = thrown;
  if (/^28|^3D000/.test(code)) {
    return explain(
      "config_invalid",
      `The metadata database ${address} of METADATA_URL refuses the connection (${reason}). Correct user, password and database.`,
    );
  }
  if (/^08|^25006|^40|^53|^55P03|^57|^58/.test(code)) {
    return explain("metadata_unavailable", `The metadata database ${address} cannot do it now (${reason}). Repeat.`);
  }
  if (code.startsWith("22")) {
    return explain("invalid_argument", `The metadata database ${address} refuses a value: ${reason}`);
  }
  return thrown;
}
