import { openObjectStore } from "@cinelake/object_store";

/** Races others for the keys log/0 .. log/<count - 1>; prints those it won. */
const [url, racer, count] = process.argv.slice(2) as [string, string, string];
await using store = await openObjectStore(url);
const won: number[] = [];
for (let key = 0; key < Number(count); key++) {
  if (await store.putIfAbsent(`log/${key}`, Buffer.from(racer.repeat(1000)))) won.push(key);
}
process.stdout.write(JSON.stringify(won));
