import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Windows, type Progress, type View, type WindowRow } from "../windowed_stream/windows.ts";

const NOTHING: Progress = { writtenUntil: 0, offsets: new Map() };
const OPTIONS = { sizeMs: 10, latenessMs: 5 };

const view = (offset: number, eventMs: number, partition = "0", movieId = 1): View => ({
  partition,
  offset,
  eventMs,
  movieId,
});
const readAll = (views: readonly View[]): Map<string, number> =>
  new Map(views.map(({ partition, offset }) => [partition, offset + 1]));
const summary = (rows: readonly WindowRow[]): (readonly [number, number, number])[] =>
  rows.map((row) => [row.window_start.getTime(), row.movie_id, row.views]);

test("a window is written once the watermark has passed its end, with the views that came late but in time", () => {
  const windows = new Windows(OPTIONS, NOTHING);
  const views = [view(0, 100), view(1, 111), view(2, 109), view(3, 114)];
  for (const each of views) windows.add(each);
  expect(windows.takeClosed(readAll(views)).rows).toEqual([]);
  windows.add(view(4, 115));
  expect(summary(windows.takeClosed(readAll([view(4, 0)])).rows)).toEqual([[100, 1, 2]]);
});

test("a view that comes after its window was written changes nothing", () => {
  const windows = new Windows(OPTIONS, NOTHING);
  for (const each of [view(0, 100), view(1, 120)]) windows.add(each);
  windows.takeClosed(readAll([view(1, 0)]));
  for (const each of [view(2, 101), view(3, 140)]) windows.add(each);
  expect(summary(windows.takeClosed(readAll([view(3, 0)])).rows)).toEqual([[120, 1, 1]]);
});

test("a partition that has more to read holds the others back; one that has been read to its end does not", () => {
  const windows = new Windows(OPTIONS, NOTHING);
  windows.add(view(0, 100, "a"));
  windows.add(view(0, 200, "b"));
  const [aHasMore, aIsRead] = [2, 1].map((end) => new Map([...readAll([view(0, 0, "b")]), ["a", end]]));
  expect(windows.takeClosed(aHasMore!).rows).toEqual([]);
  expect(summary(windows.takeClosed(aIsRead!).rows)).toEqual([[100, 1, 1]]);
});

test("from any saved progress, reading on gives each window's count once, wherever the process was killed", () => {
  // Each partition in order of time up to the lateness; partitions read in pieces of any size, in any order.
  const streams = fc.array(fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(3)), { maxLength: 40 }), {
    minLength: 1,
    maxLength: 3,
  });
  const steps = fc.array(fc.record({ partition: fc.nat(2), records: fc.nat(6), killed: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(streams, steps, (streams, steps) => {
      const log = streams.map((stream, partition) => {
        let now = 1000;
        return stream.map(([pause, late, movieId], offset) =>
          view(offset, (now += pause) - late, String(partition), movieId),
        );
      });
      // What is behind the others' time only by being slower is held back; a partition read to its end may lose what comes later.
      const last = log.map((views, partition) => view(views.length, 5000, String(partition), 0));
      const all = log.map((views, partition) => [...views, last[partition]!]);
      const ends = readAll(all.flat());
      const written: WindowRow[] = [];
      let saved = NOTHING;
      let windows = new Windows(OPTIONS, saved);
      let at = all.map(() => 0);
      const read = (partition: number, records: number): void => {
        const views = all[partition]!.slice(at[partition]!, at[partition]! + records);
        for (const each of views) windows.add(each);
        at[partition]! += views.length;
        const { rows, progress } = windows.takeClosed(ends);
        if (rows.length === 0) return;
        written.push(...rows);
        saved = progress;
      };
      for (const { partition, records, killed } of steps) {
        read(partition % all.length, records);
        if (!killed) continue;
        windows = new Windows(OPTIONS, saved);
        at = all.map((_, each) => saved.offsets.get(String(each)) ?? 0);
      }
      for (const [partition, views] of all.entries()) read(partition, views.length);

      const expected = new Map<string, number>();
      for (const { eventMs, movieId } of log.flat()) {
        const key = `${Math.floor(eventMs / OPTIONS.sizeMs) * OPTIONS.sizeMs} ${movieId}`;
        expected.set(key, (expected.get(key) ?? 0) + 1);
      }
      const got = summary(written).map(([start, movie, views]) => [`${start} ${movie}`, views] as const);
      expect(got.toSorted()).toEqual([...expected].toSorted());
    }),
  );
});
