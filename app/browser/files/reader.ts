/** A file as tus-js-client reads it: sealed, range by range. */
import type { FileSource, SliceResult } from "tus-js-client";
import type { SealedSource } from "./sealer.ts";

/** While one range is on its way, the next one is sealed. */
export class Reader implements FileSource {
  readonly size: number;
  readonly #source: SealedSource;
  #place: Uint8Array = new Uint8Array(0);
  #next: { readonly start: number; readonly end: number; readonly bytes: Promise<Uint8Array> } | undefined;

  constructor(source: SealedSource) {
    this.#source = source;
    this.size = source.length;
  }

  async slice(start: number, end: number): Promise<SliceResult> {
    const next = this.#next;
    this.#next = undefined;
    const bytes = await (next?.start === start && next.end === end ? next.bytes : this.#sealed(start, end));
    // Not the array itself: browsers would hold on to a copy of each that was sent.
    const value = new Blob([bytes as Uint8Array<ArrayBuffer>]);
    if (end < this.size) this.#prepare(end, Math.min(this.size, end + (end - start)));
    return { value, done: end >= this.size };
  }

  close(): void {
    this.#next = undefined;
    this.#place = new Uint8Array(0);
  }

  #prepare(start: number, end: number): void {
    const bytes = this.#sealed(start, end);
    // Told when it is asked for.
    bytes.catch(() => undefined);
    this.#next = { start, end, bytes };
  }

  /** In one array for all: what is sent is a copy, and what was not asked for is never looked at again. */
  #sealed(start: number, end: number): Promise<Uint8Array> {
    if (this.#place.length < end - start) this.#place = new Uint8Array(end - start);
    return this.#source.slice(start, end, this.#place);
  }
}
