import { inspect } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseServerUrl } from "../src/index.ts";

const parse = (url: string) => parseServerUrl("SOME_URL", url, { port: 5432, parameters: ["mode"] });

test("all parts come back decoded, and the address holds no credentials", () => {
  expect(parse("Postgres://us%3Aer:p%40%2F%3Fs@db.example:99/na%20me?mode=a%26b")).toEqual({
    scheme: "postgres",
    host: "db.example",
    port: 99,
    user: "us:er",
    password: "p@/?s",
    path: "na me",
    parameters: { mode: "a&b" },
    address: "postgres://db.example:99/na me",
  });
  expect(parse("redis://[::1]")).toMatchObject({
    host: "::1",
    port: 5432,
    user: undefined,
    password: undefined,
    path: "",
  });
});

test("any password survives the way through a URL", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (password) => {
      expect(parse(`redis://:${encodeURIComponent(password)}@host/1`).password).toBe(password);
    }),
  );
});

test.each([
  "redis://:hunter2/3@host/1",
  "redis://user:1/hunter2@host/1",
  "redis://:hunter2#3@host/1",
  "redis://:hunter2%zz@host/1",
  "redis:///hunter2",
  "hunter2",
  "redis://:hunter2@host/1?other=1",
])("%s is refused without repeating it", (url) => {
  let thrown: unknown;
  try {
    parse(url);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "config_invalid", message: expect.stringMatching(/^SOME_URL /) });
  expect(inspect(thrown, { depth: 10 })).not.toContain("hunter2");
});
