import { expect, test } from "vitest";
import { checkPublishedAddress } from "../src/published_address.ts";

test.each([
  ["127.0.0.1", "", true],
  ["::1", "", true],
  ["0.0.0.0", "", false],
  ["0.0.0.0", "127.0.0.1", true],
  ["127.0.0.1", "films.example.org", false],
  ["127.0.0.1.example.org", "", false],
])("without keys only loopback is served: host %s, published as %s", (host, publishedAddress, served) => {
  const check = (): void => checkPublishedAddress({ host, publishedAddress });
  if (served) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: "config_invalid" }));
});
