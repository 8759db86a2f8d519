// Made by packages/contracts/scripts/generate.ts from schemas/: change those and run `make generate`.
/** A user looked at a film's page. Fields that are not listed may be there too. */
export interface ViewEvent {
  /** Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts. */
  readonly event_id: string;
  /** Must fit the topic. */
  readonly event_type: "view";
  /** When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes. */
  readonly event_ts: string;
  /** Who did it; the record's key. */
  readonly user_id: number;
  /** The film it is about. */
  readonly movie_id: number;
  /** Groups the events of one visit. */
  readonly session_id?: string;
  /** The page the film was seen on. */
  readonly page_url?: string;
  /** For example desktop, mobile, tv. */
  readonly device_type?: string;
}

/** A user clicked on a film. Fields that are not listed may be there too. */
export interface ClickEvent {
  /** Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts. */
  readonly event_id: string;
  /** Must fit the topic. */
  readonly event_type: "click";
  /** When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes. */
  readonly event_ts: string;
  /** Who did it; the record's key. */
  readonly user_id: number;
  /** The film it is about. */
  readonly movie_id: number;
  /** What was clicked; not_interested says the opposite of interest and never counts as trending. */
  readonly click_type?: string;
  /** Groups the events of one visit. */
  readonly session_id?: string;
  /** Where the user came from. */
  readonly referrer?: string;
}

/** A user rated a film; the latest event_ts per user and film is the one that holds. Fields that are not listed may be there too. */
export interface RatingEvent {
  /** Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts. */
  readonly event_id: string;
  /** Must fit the topic. */
  readonly event_type: "rating";
  /** When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes. */
  readonly event_ts: string;
  /** Who did it; the record's key. */
  readonly user_id: number;
  /** The film it is about. */
  readonly movie_id: number;
  /** Stars, 0.5 to 5.0. */
  readonly rating: number;
  /** What the user wrote, up to 5,000 characters. */
  readonly review_text?: string;
}

/** The API showed a film to a user. Fields that are not listed may be there too. */
export interface ExposureEvent {
  /** Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts. */
  readonly event_id: string;
  /** Must fit the topic. */
  readonly event_type: "exposure";
  /** When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes. */
  readonly event_ts: string;
  /** Who did it; the record's key. */
  readonly user_id: number;
  /** The film it is about. */
  readonly movie_id: number;
  /** The answered list; its films share it. */
  readonly request_id: string;
  /** Place in the list, from 1. */
  readonly position: number;
  /** The experiment's variant, `default` without one. */
  readonly variant: string;
  /** How the list was made. */
  readonly strategy: string;
  /** The model that ranked it; null when none was loaded. */
  readonly model_version: string | null;
}

export type CinelakeEvent = ViewEvent | ClickEvent | RatingEvent | ExposureEvent;

/** JSON Schema (draft 7) of every event, by its type. */
export const EVENT_SCHEMAS = {
  "view": {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://cinelake.dev/schemas/events/view_event.schema.json",
    "title": "ViewEvent",
    "description": "A user looked at a film's page.",
    "type": "object",
    "properties": {
      "event_id": {
        "type": "string",
        "format": "uuid",
        "description": "Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts."
      },
      "event_type": {
        "const": "view",
        "description": "Must fit the topic."
      },
      "event_ts": {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "description": "When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes."
      },
      "user_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "Who did it; the record's key."
      },
      "movie_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "The film it is about."
      },
      "session_id": {
        "type": "string",
        "maxLength": 256,
        "description": "Groups the events of one visit."
      },
      "page_url": {
        "type": "string",
        "maxLength": 2048,
        "description": "The page the film was seen on."
      },
      "device_type": {
        "type": "string",
        "maxLength": 64,
        "description": "For example desktop, mobile, tv."
      }
    },
    "required": [
      "event_id",
      "event_type",
      "event_ts",
      "user_id",
      "movie_id"
    ],
    "additionalProperties": true,
    "examples": [
      {
        "event_id": "0b1c6f7e-4a64-4f0e-9c7e-2f1f6c1d9a01",
        "event_type": "view",
        "event_ts": "2026-01-31T18:00:00.250Z",
        "user_id": 17,
        "movie_id": 296,
        "session_id": "s-4711",
        "page_url": "/movies/296",
        "device_type": "tv"
      }
    ]
  },
  "click": {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://cinelake.dev/schemas/events/click_event.schema.json",
    "title": "ClickEvent",
    "description": "A user clicked on a film.",
    "type": "object",
    "properties": {
      "event_id": {
        "type": "string",
        "format": "uuid",
        "description": "Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts."
      },
      "event_type": {
        "const": "click",
        "description": "Must fit the topic."
      },
      "event_ts": {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "description": "When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes."
      },
      "user_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "Who did it; the record's key."
      },
      "movie_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "The film it is about."
      },
      "click_type": {
        "type": "string",
        "maxLength": 64,
        "description": "What was clicked; not_interested says the opposite of interest and never counts as trending."
      },
      "session_id": {
        "type": "string",
        "maxLength": 256,
        "description": "Groups the events of one visit."
      },
      "referrer": {
        "type": "string",
        "maxLength": 2048,
        "description": "Where the user came from."
      }
    },
    "required": [
      "event_id",
      "event_type",
      "event_ts",
      "user_id",
      "movie_id"
    ],
    "additionalProperties": true,
    "examples": [
      {
        "event_id": "5f0f7a52-8f3b-4c55-8d3e-6d1f0c6b7e02",
        "event_type": "click",
        "event_ts": "2026-01-31T19:00:05+01:00",
        "user_id": 17,
        "movie_id": 296,
        "click_type": "play",
        "session_id": "s-4711"
      }
    ]
  },
  "rating": {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://cinelake.dev/schemas/events/rating_event.schema.json",
    "title": "RatingEvent",
    "description": "A user rated a film; the latest event_ts per user and film is the one that holds.",
    "type": "object",
    "properties": {
      "event_id": {
        "type": "string",
        "format": "uuid",
        "description": "Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts."
      },
      "event_type": {
        "const": "rating",
        "description": "Must fit the topic."
      },
      "event_ts": {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "description": "When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes."
      },
      "user_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "Who did it; the record's key."
      },
      "movie_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "The film it is about."
      },
      "rating": {
        "type": "number",
        "minimum": 0.5,
        "maximum": 5,
        "description": "Stars, 0.5 to 5.0."
      },
      "review_text": {
        "type": "string",
        "maxLength": 5000,
        "description": "What the user wrote, up to 5,000 characters."
      }
    },
    "required": [
      "event_id",
      "event_type",
      "event_ts",
      "user_id",
      "movie_id",
      "rating"
    ],
    "additionalProperties": true,
    "examples": [
      {
        "event_id": "c3b8d1de-93a1-4f8a-b9a3-0e7f5a4c2d03",
        "event_type": "rating",
        "event_ts": "2026-01-31T20:31:00Z",
        "user_id": 17,
        "movie_id": 296,
        "rating": 4.5,
        "review_text": "Better than I remembered."
      }
    ]
  },
  "exposure": {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://cinelake.dev/schemas/events/exposure_event.schema.json",
    "title": "ExposureEvent",
    "description": "The API showed a film to a user.",
    "type": "object",
    "properties": {
      "event_id": {
        "type": "string",
        "format": "uuid",
        "description": "Chosen by the sender; a retry keeps it. Identifies the event together with the UTC day of event_ts."
      },
      "event_type": {
        "const": "exposure",
        "description": "Must fit the topic."
      },
      "event_ts": {
        "type": "string",
        "format": "date-time",
        "maxLength": 40,
        "description": "When it happened: RFC 3339 with an offset, from 1995-01-01 to now + 5 minutes."
      },
      "user_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "Who did it; the record's key."
      },
      "movie_id": {
        "type": "integer",
        "minimum": 1,
        "maximum": 9007199254740991,
        "description": "The film it is about."
      },
      "request_id": {
        "type": "string",
        "format": "uuid",
        "description": "The answered list; its films share it."
      },
      "position": {
        "type": "integer",
        "minimum": 1,
        "maximum": 500,
        "description": "Place in the list, from 1."
      },
      "variant": {
        "type": "string",
        "maxLength": 64,
        "description": "The experiment's variant, `default` without one."
      },
      "strategy": {
        "type": "string",
        "maxLength": 64,
        "description": "How the list was made."
      },
      "model_version": {
        "type": [
          "string",
          "null"
        ],
        "maxLength": 128,
        "description": "The model that ranked it; null when none was loaded."
      }
    },
    "required": [
      "event_id",
      "event_type",
      "event_ts",
      "user_id",
      "movie_id",
      "request_id",
      "position",
      "variant",
      "strategy",
      "model_version"
    ],
    "additionalProperties": true,
    "examples": [
      {
        "event_id": "9d2e4b60-1c7f-4b8e-a6d5-7c3e2f1a8b04",
        "event_type": "exposure",
        "event_ts": "2026-01-31T17:59:58Z",
        "user_id": 17,
        "movie_id": 296,
        "request_id": "e7a90c34-5b2d-4d1f-8f60-1a2b3c4d5e05",
        "position": 1,
        "variant": "default",
        "strategy": "hybrid",
        "model_version": "als-20260131T030000Z"
      }
    ]
  }
} as const;
