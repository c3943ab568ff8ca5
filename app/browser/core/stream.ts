/** What web streams need around age: whole arrays in and out, and reading by length. */
import { concat } from "./bytes.ts";

/** A stream of bytes. */
export type ByteStream = ReadableStream<Uint8Array>;

/** A stream of one array. */
export function streamOf(data: Uint8Array): ByteStream {
  return new ReadableStream({
    start(controller) {
      if (data.length > 0) controller.enqueue(data);
      controller.close();
    },
  });
}

/** Everything a stream holds. Rejects with the stream's own error. */
export async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) parts.push(next.value);
  return concat(...parts);
}

/** Bytes asked for at a time, where a stream can fill what it is given. */
const scratchLength = 524288;

/**
 * Reads a stream by length, whatever the lengths it comes in. A failure of the stream is passed on as it is. Where the stream can, it
 * fills one array again and again: a long file would otherwise leave more behind than browsers collect in time.
 */
export class Source {
  readonly #read: () => Promise<Uint8Array | undefined>;
  readonly #cancel: (reason: unknown) => Promise<void>;
  readonly #came: () => void;
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** `came` is called whenever bytes came. */
  constructor(stream: ByteStream, came: () => void = () => {}) {
    this.#came = came;
    const reader = fillingReader(stream) ?? stream.getReader();
    this.#read = reader instanceof ReadableStreamBYOBReader ? filling(reader) : giving(reader);
    this.#cancel = (reason) => reader.cancel(reason);
  }

  /** What has been read and not taken, once that is `length` bytes; fewer only when the stream ends before. Good until the next call. */
  async hold(length: number): Promise<Uint8Array> {
    while (this.#end - this.#start < length) {
      const bytes = await this.#read();
      if (bytes === undefined) break;
      this.#came();
      this.#append(bytes);
    }
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** The next `length` bytes; fewer only when the stream ends before. */
  async take(length: number): Promise<Uint8Array> {
    return (await this.borrow(length)).slice();
  }

  /** The same, good until the next call. */
  async borrow(length: number): Promise<Uint8Array> {
    const taken = (await this.hold(length)).subarray(0, length);
    this.#start += taken.length;
    return taken;
  }

  /** Tells the stream that no more is wanted. */
  async cancel(reason: unknown): Promise<void> {
    await this.#cancel(reason);
  }

  #append(bytes: Uint8Array): void {
    const held = this.#buffer.subarray(this.#start, this.#end);
    if (this.#end + bytes.length > this.#buffer.length) {
      const needed = held.length + bytes.length;
      // What is moved to the front of the same array overwrites only what has been taken.
      if (needed > this.#buffer.length) this.#buffer = new Uint8Array(2 * needed);
      this.#buffer.set(held);
      [this.#start, this.#end] = [0, held.length];
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }
}

/** A reader that fills arrays it is given. Nothing where a stream, or the browser, gives arrays of its own only. */
export function fillingReader(stream: ByteStream): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

function filling(reader: ReadableStreamBYOBReader): () => Promise<Uint8Array | undefined> {
  let scratch = new Uint8Array(scratchLength);
  return async () => {
    const { value, done } = await reader.read(scratch);
    if (value !== undefined) scratch = new Uint8Array(value.buffer);
    return done ? undefined : value;
  };
}

function giving(reader: ReadableStreamDefaultReader<Uint8Array>): () => Promise<Uint8Array | undefined> {
  return async () => (await reader.read()).value;
}
