import { expect, test } from "vitest";
import type { Manifest, Pending } from "../src/manifest.ts";
import { decide } from "../src/plan.ts";

const A = "a".repeat(32);
const B = "b".repeat(32);
const now = Date.UTC(2026, 0, 2);
const manifest = (run: number, version: string): Manifest => ({
  format_version: 1,
  dataset_name: "d",
  dataset_version: version,
  source_url: "file:///x",
  source_md5: version,
  ingestion_id: `d-${version.slice(0, 8)}-${run}`,
  ingestion_ts: "2025-01-01T00:00:00.000Z",
  ingestion_date: "2025-01-01",
  run,
  files: [],
  tables: [],
});
const pending = (run: number, version: string, abandoned = false): Pending => ({
  dataset_version: version,
  ingestion_id: `d-${version.slice(0, 8)}-${run}`,
  ingestion_ts: "2025-06-01T00:00:00.000Z",
  run,
  abandoned,
});

test("which run a bootstrap is", () => {
  const cases = [
    { what: "nothing there", past: {}, gives: [1, "d-aaaaaaaa-1", false] },
    { what: "equal content", past: { manifest: manifest(3, A) }, gives: "unchanged" },
    {
      what: "equal content by force",
      past: { manifest: manifest(3, A) },
      force: true,
      gives: [4, "d-aaaaaaaa-4", false],
    },
    { what: "other content", past: { manifest: manifest(3, B) }, gives: [4, "d-aaaaaaaa-4", false] },
    { what: "interrupted, equal", past: { pending: pending(1, A) }, gives: [1, "d-aaaaaaaa-1", true] },
    { what: "interrupted, other", past: { pending: pending(1, B) }, gives: [2, "d-aaaaaaaa-2", false] },
    {
      what: "interrupted force",
      past: { manifest: manifest(1, A), pending: pending(2, A) },
      gives: [2, "d-aaaaaaaa-2", true],
    },
    {
      what: "interrupted replacement",
      past: { manifest: manifest(1, A), pending: pending(2, B) },
      gives: [3, "d-aaaaaaaa-3", false],
    },
    { what: "intention left behind", past: { manifest: manifest(2, A), pending: pending(2, A) }, gives: "unchanged" },
    { what: "abandoned", past: { pending: pending(1, A, true) }, gives: [2, "d-aaaaaaaa-2", false] },
    { what: "files lost, tables not", past: {}, lastRun: 5, gives: [6, "d-aaaaaaaa-6", false] },
  ];
  for (const { what, past, force = false, lastRun = 0, gives } of cases) {
    const decision = decide("d", A, { manifest: undefined, pending: undefined, ...past }, { force, lastRun, now });
    const got =
      decision.kind === "unchanged"
        ? decision.kind
        : [decision.ingestion.run, decision.ingestion.ingestionId, decision.resumed];
    expect(got, what).toEqual(gives);
  }
});

test("a resumed run keeps its time, a new one has its own", () => {
  const options = { force: false, lastRun: 0, now };
  expect(decide("d", A, { manifest: undefined, pending: pending(1, A) }, options)).toMatchObject({
    ingestion: { ingestionTs: "2025-06-01T00:00:00.000Z", ingestionDate: "2025-06-01" },
  });
  expect(decide("d", A, { manifest: undefined, pending: undefined }, options)).toMatchObject({
    ingestion: { ingestionTs: "2026-01-02T00:00:00.000Z", ingestionDate: "2026-01-02" },
  });
});
