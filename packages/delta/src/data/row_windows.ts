import type { TableContext } from "../api.ts";
import type { TableState } from "../log/state.ts";
import { openRows, type DataFile, type OpenRows } from "./open_rows.ts";

/** Of the files that are open at once there are at most two windows: the one that is read and the next. */
export const WINDOW = { files: 16, bytes: 64 * 2 ** 20 } as const;

type SizedFile = DataFile & { readonly size: number };

/**
 * Opens files a window at a time, for a reader that takes one after the other: the next window is opened while one is read, and each is
 * released when the reader goes on or breaks off.
 */
export async function* rowWindows(
  context: TableContext,
  state: Pick<TableState, "schema" | "metadata">,
  files: readonly SizedFile[],
): AsyncGenerator<OpenRows> {
  const windows = windowsOf(files);
  const open = (index: number): Promise<OpenRows> | undefined => {
    const opening = index < windows.length ? openRows(context, state, windows[index]!) : undefined;
    // An error is met when its window is wanted.
    opening?.catch(() => undefined);
    return opening;
  };
  let opening = open(0);
  try {
    for (let index = 1; opening; index++) {
      await using rows: OpenRows = await opening;
      opening = open(index);
      yield rows;
    }
  } finally {
    await opening?.then(
      (rows) => rows[Symbol.asyncDispose](),
      () => undefined,
    );
  }
}

/** Files in order, as many to a window as its limits allow, one at least; without files one window of none. */
function windowsOf<T extends SizedFile>(files: readonly T[]): T[][] {
  if (files.length === 0) return [[]];
  const windows: T[][] = [];
  let bytes = 0;
  for (const file of files) {
    bytes += file.size;
    const window = windows.at(-1);
    if (window && window.length < WINDOW.files && bytes <= WINDOW.bytes) window.push(file);
    else {
      windows.push([file]);
      bytes = file.size;
    }
  }
  return windows;
}
