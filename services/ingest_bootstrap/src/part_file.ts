import { open, readFile, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { z } from "zod";
import type { PartState } from "./resume.ts";

const stateSchema = z.object({ url: z.string(), validator: z.string().optional(), total: z.number().optional() });

/** The bytes of a download on their way (`<target>.part`) and what is known of them (`<target>.part.json`). */
export class PartFile {
  readonly path: string;
  readonly #statePath: string;

  constructor(target: string) {
    this.path = `${target}.part`;
    this.#statePath = `${target}.part.json`;
  }

  /** Bytes and state left by an earlier try for this address; anything else is removed. */
  async resume(url: string): Promise<{ size: number; state: PartState | undefined }> {
    const size = await stat(this.path).then(
      (info) => info.size,
      () => 0,
    );
    const state = await this.#readState();
    if (size > 0 && state?.url === url) return { size, state };
    await this.remove();
    return { size: 0, state: undefined };
  }

  /** Begins anew. The state is on disk before the first byte it speaks for. */
  async start(state: PartState): Promise<void> {
    await this.remove();
    await writeFile(this.#statePath, JSON.stringify(state));
  }

  append(): Promise<FileHandle> {
    return open(this.path, "a");
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.#statePath, { force: true });
  }

  /** After the file itself has been moved to its place. */
  async forgetState(): Promise<void> {
    await rm(this.#statePath, { force: true });
  }

  async #readState(): Promise<PartState | undefined> {
    try {
      const { url, validator, total } = stateSchema.parse(JSON.parse(await readFile(this.#statePath, "utf8")));
      return { url, validator, total };
    } catch {
      return undefined;
    }
  }
}
