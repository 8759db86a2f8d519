import { join } from "node:path";
import { findError } from "@cinelake/contracts";
import { openMetadata } from "@cinelake/metadata";
import { temporaryDirectory } from "@cinelake/testkit";
import { openTracking } from "@cinelake/tracking";
import { trackingConformance } from "@cinelake/tracking/conformance";
import { expect, test } from "vitest";

trackingConformance({
  name: "metadata:",
  async fresh() {
    const resources = new AsyncDisposableStack();
    const directory = resources.use(await temporaryDirectory());
    return {
      async open() {
        const metadata = resources.use(await openMetadata(join(directory.path, "metadata.sqlite")));
        return openTracking("metadata:", { metadata });
      },
      [Symbol.asyncDispose]: () => resources.disposeAsync(),
    };
  },
});

test("closing tracking leaves the metadata database open: it is the caller's", async () => {
  await using metadata = await openMetadata("sqlite::memory:");
  const tracking = await openTracking("metadata:", { metadata });
  await tracking[Symbol.asyncDispose]();
  expect(await metadata.servingModel()).toBeUndefined();
});

test("an unknown scheme is refused", async () => {
  await using metadata = await openMetadata("sqlite::memory:");
  const error: unknown = await openTracking("ftp://x", { metadata }).catch((thrown: unknown) => thrown);
  expect(findError(error, "config_invalid")?.message).toContain("TRACKING_URL");
});
