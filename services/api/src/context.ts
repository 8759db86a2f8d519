import { randomUUID } from "node:crypto";
import type { Offsets } from "@cinelake/event_log";
import { reasonText, type Interaction, type RankedFilm, type Reason } from "@cinelake/ranking";
import type { Tracing } from "@cinelake/runtime";
import type { ApiConfig } from "./config.ts";
import type { EventWriter } from "./event_writer.ts";
import type { Exposures } from "./exposures.ts";
import { decodePosition } from "./http/position.ts";
import { problem } from "./http/problem.ts";
import type { RecordHeaders } from "./http/record_headers.ts";
import type { RecommendationsAnswer } from "./http/shapes.ts";
import type { ApiPorts } from "./ports.ts";
import { recommend } from "./recommender.ts";
import type { Catalogue } from "./state/catalogue.ts";
import type { Films } from "./state/films.ts";
import type { ModelStore } from "./state/model_store.ts";
import type { ServedModel } from "./state/served_model.ts";
import { knownUserOf, type KnownUser, type TasteCache } from "./taste_cache.ts";
import type { TrendingReader } from "./state/trending_reader.ts";
import type { UserState } from "./state/user_state.ts";

/** What the routes work with. */
export interface ApiContext {
  readonly config: ApiConfig;
  readonly ports: ApiPorts;
  readonly models: ModelStore;
  readonly catalogue: Catalogue;
  readonly users: UserState;
  readonly trending: TrendingReader;
  readonly writer: EventWriter;
  readonly exposures: Exposures;
  readonly tastes: TasteCache;
  readonly tracing: Tracing;
  readonly now: () => number;
}

export interface ListRequest {
  readonly k: number;
  readonly excluded: readonly number[];
  /** Headers of the exposures' records; without them the list is no exposure. */
  readonly exposed?: RecordHeaders | undefined;
}

/** The list for a user, or for nobody in particular. */
export async function listForUser(
  context: ApiContext,
  userId: number | undefined,
  request: ListRequest,
): Promise<RecommendationsAnswer> {
  const { models, users, now, tastes } = context;
  const model = models.current();
  const recent = userId === undefined ? [] : users.recent(userId);
  const user = model && userId !== undefined ? tastes.get(model, userId, users, now()) : undefined;
  const settled = model ? [] : recent.filter(isOpinion).map(({ movieId }) => movieId);
  return answerList(context, {
    model,
    user,
    userId,
    request: { ...request, excluded: [...request.excluded, ...settled] },
  });
}

/** The list for somebody of whom only these interactions are known. */
export async function listForInteractions(
  context: ApiContext,
  interactions: readonly Interaction[],
  request: ListRequest,
): Promise<RecommendationsAnswer> {
  const model = context.models.current();
  const user = model && knownUserOf(model, interactions, context.now());
  const settled = model ? [] : interactions.map(({ movieId }) => movieId);
  return answerList(context, {
    model,
    user,
    userId: undefined,
    request: { ...request, excluded: [...request.excluded, ...settled] },
  });
}

async function answerList(
  { catalogue, trending, exposures, ports }: ApiContext,
  {
    model,
    user,
    userId,
    request,
  }: {
    model: ServedModel | undefined;
    user: KnownUser | undefined;
    userId: number | undefined;
    request: ListRequest;
  },
): Promise<RecommendationsAnswer> {
  const films = loadedFilms(catalogue);
  const { publication } = await trending.get("24h");
  const excluded = new Set(request.excluded);
  const list = recommend({ model, films, trending: publication, user, excluded, k: request.k });
  const answer: RecommendationsAnswer = {
    items: list.films.map((film) => recommendedItem(films, film)),
    strategy: list.strategy,
    model_version: list.modelVersion,
    user_id: userId ?? null,
    request_id: randomUUID(),
  };
  ports.metrics.counter("cinelake_recommendations_total").inc({ strategy: list.strategy });
  if (userId !== undefined && request.exposed) {
    const movieIds = list.films.map(({ movieId }) => movieId);
    const { strategy, modelVersion } = list;
    const headers = request.exposed;
    exposures.add({ requestId: answer.request_id, userId, strategy, modelVersion, movieIds, headers });
  }
  return answer;
}

/** The films, or `not_ready` while there is no catalogue: no list is better than an empty one. */
export function loadedFilms(catalogue: Catalogue): Films {
  const films = catalogue.films();
  if (films.byId.size > 0) return films;
  throw problem("not_ready", catalogue.problem() ?? "the catalogue is empty");
}

/** A film as lists show it; the title stands in for one that the catalogue has lost meanwhile. */
export function listedFilm(films: Films, movieId: number) {
  const film = films.byId.get(movieId);
  return {
    movie_id: movieId,
    title: film?.title ?? `Film ${movieId}`,
    year: film?.year ?? null,
    genres: [...(film?.genres ?? [])],
  };
}

function recommendedItem(films: Films, { movieId, score, reasons }: RankedFilm) {
  const titleOf = (id: number): string | undefined => films.byId.get(id)?.title;
  const shown = reasons.map((reason: Reason) => ({
    kind: reason.kind,
    ...("movieId" in reason ? { movie_id: reason.movieId } : {}),
    text: reasonText(reason, titleOf),
  }));
  return { ...listedFilm(films, movieId), score, reasons: shown };
}

/** Resolves once the users' events before the position count, or after the configured wait; says which. No position: at once. */
export async function waitForUsers(context: ApiContext, after: string | undefined): Promise<boolean | undefined> {
  return after ? context.users.waitFor(position(after), context.config.afterWaitMs) : undefined;
}

export function position(after: string): Offsets {
  return decodePosition(after);
}

function isOpinion({ kind }: Interaction): boolean {
  return kind === "rating" || kind === "not_interested";
}
