/**
 * A file of the person's device as the age file it is sent as (FORMATS.md section 3, "An attachment"): any range of it on demand, in
 * constant memory. Keys are drawn once, so an upload that was interrupted goes on where it stopped.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { type Beginning, beginSeal, sealChunk } from "../core/age.ts";
import { equal } from "../core/bytes.ts";
import { QuietlineError } from "../core/errors.ts";
import { attachmentClass } from "../core/padding.ts";
import { chunkLength, sealedChunkLength, tagLength } from "../core/payload.ts";
import { fillingReader } from "../core/stream.ts";
import { litter } from "./litter.ts";

/** The file is another than it was when its sealing began, or has gone since. What was sealed of it is of no use any more. */
export class FileChanged extends QuietlineError {
  override readonly code = "changed";
}

/** Not one byte of the file could be read. */
export class FileUnreadable extends QuietlineError {
  override readonly code = "unreadable";
}

/** Chunks that are read, sealed and hashed between two breaths of the page: about 10 ms. */
const together = 8;

/** One file, sealed to one set of recipients. Ranges are made one at a time, in the order they were asked for. */
export class SealedSource {
  /** Bytes of the sealed file. */
  readonly length: number;
  readonly #file: Blob;
  readonly #size: number;
  readonly #beginning: Beginning;
  readonly #plaintextLength: number;
  readonly #chunks: number;
  // The tag of each chunk that was sealed: under one key and nonce, a chunk may be sealed again, but never to anything else.
  readonly #tags: Uint8Array;
  readonly #sealed: Uint8Array;
  readonly #hash = sha256.create();
  #hashed = 0;
  #digest: Uint8Array | undefined;
  // The chunk that the last range ended in: the next one mostly begins with it.
  #edge: { readonly index: number; readonly bytes: Uint8Array } | undefined;
  #readBefore = false;
  #reading: { readonly reader: ReadableStreamBYOBReader; readonly at: number } | undefined;
  // One for all that is read: a long file would otherwise leave more behind than browsers collect in time.
  #plaintext = new Uint8Array(together * chunkLength);
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: Blob, beginning: Beginning) {
    this.#file = file;
    this.#size = file.size;
    this.#beginning = beginning;
    this.#plaintextLength = attachmentClass(this.#size);
    this.#chunks = Math.ceil(this.#plaintextLength / chunkLength);
    this.#tags = new Uint8Array(this.#chunks * tagLength);
    this.#sealed = new Uint8Array(this.#chunks);
    this.length = beginning.bytes.length + this.#plaintextLength + this.#chunks * tagLength;
  }

  /** Draws keys for `file`. RecipientError unless `recipients` are 1 to 64 hybrid ones. Nothing of the file is read yet. */
  static async make(file: Blob, recipients: readonly string[]): Promise<SealedSource> {
    return new SealedSource(file, await beginSeal(recipients));
  }

  /**
   * The bytes from `start` up to `end` of the sealed file; put into `place` where there is one that is long enough. FileChanged,
   * FileUnreadable.
   */
  async slice(start: number, end: number, place?: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(() => this.#range(start, Math.min(end, this.length), place));
  }

  /** SHA-256 of the file itself. What no range has asked for yet is read now. FileChanged, FileUnreadable. */
  async sha256(): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const held = Math.ceil(this.#size / chunkLength);
      const place = new Uint8Array(sealedChunkLength);
      while (this.#hashed < held) await this.#group(this.#hashed, Math.min(this.#hashed + together, held), () => place);
      return (this.#digest ??= this.#hash.digest());
    });
  }

  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #range(start: number, end: number, into?: Uint8Array): Promise<Uint8Array> {
    const length = Math.max(0, end - start);
    const range = into !== undefined && into.length >= length ? into.subarray(0, length) : new Uint8Array(length);
    const { bytes } = this.#beginning;
    if (start < bytes.length) range.set(bytes.subarray(start, end));
    const first = Math.max(0, Math.floor((start - bytes.length) / sealedChunkLength));
    const after = Math.min(this.#chunks, Math.ceil((end - bytes.length) / sealedChunkLength));
    const place = (index: number) => this.#placeOf(index, range, start);
    const put = (index: number, sealed: Uint8Array) => this.#put(index, sealed, range, start);
    for (let index = first < after ? this.#fromEdge(first, range, start) : after; index < after; index += together) {
      await this.#group(index, Math.min(index + together, after), place, put);
    }
    return range;
  }

  /** Where a chunk that lies wholly inside the range is sealed to, at once; any other gets a place of its own. */
  #placeOf(index: number, range: Uint8Array, start: number): Uint8Array {
    const at = this.#positionOf(index) - start;
    const length = this.#lengthOf(index) + tagLength;
    return at >= 0 && at + length <= range.length ? range.subarray(at, at + length) : new Uint8Array(length);
  }

  /** Copies what the range has of a chunk that has a place of its own, and keeps that chunk. */
  #put(index: number, sealed: Uint8Array, range: Uint8Array, start: number): void {
    if (sealed.buffer === range.buffer) return;
    const at = this.#positionOf(index) - start;
    range.set(sealed.subarray(Math.max(0, -at), range.length - at), Math.max(0, at));
    this.#edge = { index, bytes: sealed };
  }

  /** The first chunk that is still to be sealed for a range beginning in chunk `first`. */
  #fromEdge(first: number, range: Uint8Array, start: number): number {
    const edge = this.#edge;
    if (edge?.index !== first) return first;
    this.#put(first, edge.bytes, range, start);
    return first + 1;
  }

  #positionOf(index: number): number {
    return this.#beginning.bytes.length + index * sealedChunkLength;
  }

  /** Plaintext bytes of a chunk. */
  #lengthOf(index: number): number {
    return Math.min(chunkLength, this.#plaintextLength - index * chunkLength);
  }

  /** Seals the chunks from `from` up to `to` into the places given for them, and hands each over. */
  async #group(from: number, to: number, place: (index: number) => Uint8Array, done?: (index: number, sealed: Uint8Array) => void): Promise<void> {
    const plaintext = await this.#read(from * chunkLength, Math.min(to * chunkLength, this.#plaintextLength));
    for (let index = from; index < to; index++) {
      const chunk = plaintext.subarray((index - from) * chunkLength).subarray(0, this.#lengthOf(index));
      const sealed = place(index).subarray(0, chunk.length + tagLength);
      this.#seal(index, chunk, sealed);
      litter();
      done?.(index, sealed);
    }
  }

  #seal(index: number, chunk: Uint8Array, sealed: Uint8Array): void {
    sealChunk(this.#beginning.payloadKey, index, index === this.#chunks - 1, chunk, sealed);
    const tag = sealed.subarray(chunk.length);
    const known = this.#tags.subarray(index * tagLength, (index + 1) * tagLength);
    if (this.#sealed[index] === 1 && !equal(tag, known)) throw new FileChanged();
    this.#sealed[index] = 1;
    known.set(tag);
    if (index !== this.#hashed || this.#digest !== undefined) return;
    this.#hash.update(chunk.subarray(0, Math.max(0, this.#size - index * chunkLength)));
    this.#hashed++;
  }

  /** Plaintext from `from` up to `to`: the file, then zeros. Good until the next call. */
  async #read(from: number, to: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(to, this.#size) - from);
    let read: number;
    try {
      read = wanted === 0 ? 0 : await this.#fill(from, wanted);
    } catch {
      this.#plaintext = new Uint8Array(together * chunkLength);
      // Browsers refuse to read a file that was written to since it was chosen, and one that is gone.
      throw this.#readBefore ? new FileChanged() : new FileUnreadable();
    }
    if (read !== wanted) throw new FileChanged();
    this.#readBefore = true;
    return this.#plaintext.subarray(0, to - from).fill(0, wanted);
  }

  /** Reads into the one array for plaintext; gives how many bytes came. */
  async #fill(from: number, wanted: number): Promise<number> {
    const reader = await this.#readerAt(from);
    if (reader === undefined) {
      const bytes = new Uint8Array(await this.#file.slice(from, from + wanted).arrayBuffer());
      this.#plaintext.set(bytes);
      return bytes.length;
    }
    let read = 0;
    while (read < wanted) {
      // The array goes to the browser, and comes back filled.
      const { value, done } = await reader.read(this.#plaintext.subarray(read, wanted));
      if (value !== undefined) this.#plaintext = new Uint8Array(value.buffer);
      read += value?.length ?? 0;
      if (done) break;
    }
    this.#reading = { reader, at: from + read };
    return read;
  }

  /** A reader that goes on where the last read ended, if that is `from`; else one that begins there. */
  async #readerAt(from: number): Promise<ReadableStreamBYOBReader | undefined> {
    const reading = this.#reading;
    this.#reading = undefined;
    if (reading?.at === from) return reading.reader;
    await reading?.reader.cancel().catch(() => undefined);
    return fillingReader(this.#file.slice(from).stream());
  }
}
