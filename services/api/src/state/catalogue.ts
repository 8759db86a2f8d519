import type { DeltaTable } from "@cinelake/delta";
import { findLakeTable, type LakePorts } from "@cinelake/lake";
import { sparingly, type Logger } from "@cinelake/runtime";
import { filmsOf, NO_FILMS, type Film, type Films } from "./films.ts";
import { repeat } from "./repeat.ts";

/** The films of silver_movies, in memory, as of its latest version. */
export interface Catalogue {
  /** `NO_FILMS` until the table is there. */
  films(): Films;
  /** Undefined when the catalogue is in place, else what is wrong. */
  problem(): string | undefined;
  stop(): Promise<void>;
}

export interface CataloguePorts extends LakePorts {
  readonly logger: Logger;
}

const NO_CATALOGUE = "there is no catalogue yet: load a data set first";

/** Reads the table at once (before it returns) and again when its version has changed, which is looked at every `pollMs`. */
export async function openCatalogue(ports: CataloguePorts, pollMs: number): Promise<Catalogue> {
  const { logger } = ports;
  let films = NO_FILMS;
  let table: DeltaTable | undefined;
  let problem: string | undefined;

  async function look(): Promise<void> {
    table ??= await findLakeTable(ports, "silver_movies");
    if (!table) {
      problem = NO_CATALOGUE;
      return;
    }
    const snapshot = await table.snapshot();
    if (snapshot.version !== films.version) {
      const rows: Film[] = [];
      for await (const batch of snapshot.read()) rows.push(...(batch as unknown as Film[]));
      films = filmsOf(rows, snapshot.version);
      logger.info({ version: films.version, films: films.byId.size }, "catalogue in place");
    }
    problem = films.byId.size > 0 ? undefined : NO_CATALOGUE;
  }

  const tell = sparingly((error) =>
    logger.error({ err: error }, "catalogue cannot be read; the one before goes on serving"),
  );
  const failed = (error: unknown): void => {
    table = undefined;
    problem = `the catalogue cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    tell(error);
  };
  await look().catch(failed);
  const polling = repeat(look, pollMs, failed);
  return { films: () => films, problem: () => problem, stop: () => polling.stop() };
}
