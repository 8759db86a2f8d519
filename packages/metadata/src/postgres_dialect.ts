import { findError } from "@cinelake/contracts";
import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
  type PostgresPool,
  type PostgresPoolClient,
  type TransactionSettings,
} from "kysely";
import { Pool, type PoolClient } from "pg";
import { explainError } from "./postgres_errors.ts";
import type { PostgresSettings } from "./postgres_url.ts";

/** Any number that nobody else locks: "cinelake" in ASCII. */
const WRITERS_LOCK = "7163384627010594149";

/** PostgreSQL behind a pool whose connections explain their errors, and are closed after one that may have left something in them. */
export function postgresDialect(settings: PostgresSettings): PostgresDialect {
  return new PostgresDialect({ pool: explainingPool(settings) });
}

/**
 * The same, with transactions one after the other, as in SQLite: what one reads before it writes stays true until it commits, and none
 * fails for another's sake. Those that say they only read do not wait.
 */
export class SerialPostgresDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(settings: PostgresSettings) {
    const config = { pool: explainingPool(settings) };
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new SerialDriver(this.#config);
  }
}

class SerialDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await super.beginTransaction(connection, settings);
    if (settings.accessMode === "read only") return;
    try {
      await connection.executeQuery(CompiledQuery.raw(`select pg_advisory_xact_lock(${WRITERS_LOCK})`));
    } catch (error) {
      await connection.executeQuery(CompiledQuery.raw("rollback")).catch(() => {}); // the first error says more
      throw error;
    }
  }
}

function explainingPool({ pool: options, address }: PostgresSettings): PostgresPool {
  const pool = new Pool(options);
  pool.on("error", () => {}); // an idle connection that ended is replaced by the next call
  return {
    options,
    end: () => pool.end(),
    async connect() {
      try {
        return explainingClient(await pool.connect(), address);
      } catch (error) {
        throw explainError(error, address);
      }
    },
  };
}

/** A connection from its acquisition to its release. */
function explainingClient(client: PoolClient, address: string): PostgresPoolClient {
  let broken: unknown;
  // Between two queries of a transaction a connection that ends has nobody else to tell.
  const onError = (error: Error): void => void (broken ??= explainError(error, address));
  client.on("error", onError);
  async function query(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    if (broken !== undefined) throw broken;
    try {
      return await client.query(sql, [...parameters]);
    } catch (error) {
      const explained = explainError(error, address);
      if (findError(explained, "metadata_unavailable")) broken = explained;
      throw explained;
    }
  }
  return {
    query: query as PostgresPoolClient["query"],
    release(destroy) {
      client.off("error", onError);
      client.release(destroy === true || broken !== undefined);
    },
  };
}
