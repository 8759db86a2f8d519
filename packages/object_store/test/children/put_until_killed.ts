import { openObjectStore } from "@cinelake/object_store";

/** Overwrites one object for ever, alternating between two contents, and reports each acknowledged round. */
const store = await openObjectStore(process.argv[2]!);
for (let round = 0; ; round++) {
  await store.put("table/object", new Uint8Array(200_000).fill(round % 256));
  await store.putIfAbsent(`log/${process.pid}/${round}`, Buffer.from(String(round)));
  process.stdout.write(`${round}\n`);
}
