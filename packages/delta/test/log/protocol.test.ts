import { expect, test } from "vitest";
import { protocolFor, protocolWith } from "../../src/log/protocol.ts";
import { struct } from "../support/tables.ts";

test("a_protocol_gains_no_more_than_is_needed", () => {
  const plain = protocolFor(struct({ id: "long" }));
  expect(protocolWith({ minReaderVersion: 1, minWriterVersion: 1 }, plain)).toEqual(plain);
  expect(protocolWith({ minReaderVersion: 2, minWriterVersion: 5 }, plain)).toBeUndefined();
  const withTimes = protocolFor(struct({ at: "timestamp_ntz" }));
  expect(protocolWith({ minReaderVersion: 2, minWriterVersion: 5 }, withTimes)).toMatchObject({
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ["columnMapping", "timestampNtz"],
  });
});
