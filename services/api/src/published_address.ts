import { CinelakeError } from "@cinelake/contracts";
import type { ApiConfig } from "./config.ts";

/** Refuses to serve an address that others can reach: requests carry no keys yet. Fails with `config_invalid`. */
export function checkPublishedAddress({ host, publishedAddress }: Pick<ApiConfig, "host" | "publishedAddress">): void {
  const address = publishedAddress === "" ? host : publishedAddress;
  if (/^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(address)) return;
  throw new CinelakeError(
    "config_invalid",
    `${address} can be reached from other machines, and the API has no keys yet: serve 127.0.0.1, or set PUBLISHED_ADDRESS if only this machine reaches it`,
  );
}
