import { TRENDING_WINDOWS } from "@cinelake/contracts";
import { z } from "zod";
import { STRATEGIES } from "../recommender.ts";

const film = {
  movie_id: z.int(),
  title: z.string(),
  year: z.int().nullable(),
  genres: z.array(z.string()),
};
const modelVersion = z.string().nullable().describe("The model that ranked; null without one.");

const filmShape = z.object({ ...film, imdb_id: z.string().nullable(), tmdb_id: z.int().nullable() });
export const filmDetailShape = z.object({
  ...filmShape.shape,
  is_placeholder: z.boolean().describe("True while only references to the film are known."),
});

const reasonShape = z.object({
  kind: z.enum(["liked", "looked_at", "taste", "trending", "popular"]),
  movie_id: z.int().optional().describe("The film of the user's that this one is close to."),
  text: z.string(),
});

export const recommendationsShape = z.object({
  items: z.array(z.object({ ...film, score: z.number(), reasons: z.array(reasonShape) })),
  strategy: z.enum(STRATEGIES).describe("How the list was made."),
  model_version: modelVersion,
  user_id: z.int().nullable(),
  request_id: z.uuid().describe("Names this list in events_exposures."),
});

export const trendingShape = z.object({
  items: z.array(
    z.object({
      ...film,
      score: z.number(),
      source: z.enum(["live", "history"]),
      recent: z.number().describe("Decayed weight of distinct users in the window."),
      baseline: z.number().describe("Weight that the film's longer history lets expect."),
      users: z.int().describe("Distinct users behind `recent`."),
    }),
  ),
  window: z.enum(TRENDING_WINDOWS),
  genre: z.string().nullable(),
  computed_at: z.iso
    .datetime()
    .nullable()
    .describe("When the list was computed; null if none ever was: popular films."),
  stale: z.boolean().describe("True if the list is missing or old."),
});

export const filmsShape = z.object({
  items: z.array(filmShape),
  next_cursor: z.string().nullable().describe("Give it as `cursor` for the next page; null after the last."),
});

export const similarShape = z.object({
  movie_id: z.int(),
  items: z.array(z.object({ ...film, score: z.number().describe("Cosine of the two films' vectors.") })),
  model_version: modelVersion,
});

export const historyShape = z.object({
  user_id: z.int(),
  items: z.array(
    z.object({
      ...film,
      kind: z.enum(["rating", "view", "click", "not_interested"]),
      rating: z.number().optional(),
      event_ts: z.iso.datetime(),
    }),
  ),
});

const accepted = z.object({
  index: z.int().describe("Place in the array that was sent, from 0."),
  status: z.literal("accepted"),
  event_id: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
});
const rejected = z.object({
  index: z.int(),
  status: z.literal("rejected"),
  event_id: z.string().optional(),
  code: z.literal("invalid_event"),
  reason: z.string(),
  field: z.string().optional(),
});
export const eventsAnswerShape = z.object({
  results: z.array(z.discriminatedUnion("status", [accepted, rejected])),
  position: z.string().describe("Give it as `after` to read what these events changed."),
});

export type EventResult = z.output<typeof eventsAnswerShape>["results"][number];
export type RecommendationsAnswer = z.output<typeof recommendationsShape>;
