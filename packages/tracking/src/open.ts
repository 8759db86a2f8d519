import { CinelakeError } from "@cinelake/contracts";
import type { Metadata } from "@cinelake/metadata";
import type { Tracking } from "./tracking.ts";

export interface TrackingOptions {
  /** Keeps the records of `metadata:`; stays the caller's to close. */
  readonly metadata: Metadata;
  /** Milliseconds since the epoch; default Date.now. */
  readonly now?: () => number;
}

/** Opens experiment tracking by URL: `metadata:` keeps runs and models in the metadata database. */
export async function openTracking(url: string, options: TrackingOptions): Promise<Tracking> {
  if (url === "metadata:") {
    const { metadataTracking } = await import("./metadata_tracking.ts");
    return metadataTracking(options.metadata.db, options.now ?? Date.now);
  }
  throw new CinelakeError(
    "config_invalid",
    `TRACKING_URL ${JSON.stringify(url.replace(/\/\/[^@/]*@/, "//***@"))} is not supported: use metadata:, which keeps runs in the metadata database.`,
  );
}
