/**
 * A sealed file of a message, opened while it comes: to a file that the person chose where the browser has such a thing, else collected
 * and handed to the browser's downloads. Nothing of a file that fails a check is kept.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { type ByteStream, unsealInPlace } from "../core/age.ts";
import { equal } from "../core/bytes.ts";
import { FormatError, QuietlineError } from "../core/errors.ts";
import { cleanName } from "../core/filenames.ts";
import type { Attachment } from "../core/message.ts";
import { attachmentClass } from "../core/padding.ts";
import { litter } from "./litter.ts";

/**
 * `missing`: the server does not have it. `altered`: it does not open, or is not what the message says. `network`: it did not come
 * whole. `unsaved`: it could not be written on this device. `late`: the press of the button is too long ago for the browser to ask where.
 * `refused`: any other answer of the server.
 */
export type OpeningCode = "missing" | "altered" | "network" | "unsaved" | "late" | "refused";

/** Why a file was not opened. */
export class OpeningFailed extends QuietlineError {
  override readonly code: OpeningCode;

  constructor(code: OpeningCode) {
    super();
    this.code = code;
  }
}

/** Where an opened file goes. `abort` leaves nothing behind. */
export interface Sink {
  /** `bytes` are good until the promise is kept. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** Whether files are written to disk as they open; else they are collected first and land in the folder of downloads. */
export function choosesPlace(): boolean {
  return picker() !== undefined;
}

/**
 * Asks the person for a place for the file, where the browser can; else gives one that becomes a download. Call it directly from a
 * press of a button: OpeningFailed where that was too long ago. Nothing when the person thought better of it.
 */
export async function sinkFor(attachment: Attachment): Promise<Sink | undefined> {
  const name = cleanName(attachment.name);
  try {
    const handle = await picker()?.({ suggestedName: name });
    return handle === undefined ? downloadSink(name) : writableSink(await handle.createWritable());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return undefined;
    // Whoever was promised to be asked for a place does not get a download instead, unless the browser never asks.
    if (error instanceof DOMException && error.name === "SecurityError" && !navigator.userActivation?.isActive) throw new OpeningFailed("late");
    return downloadSink(name);
  }
}

/** The sealed bytes in an answer of the server. OpeningFailed. */
export async function sealedBody(ask: () => Promise<Response>): Promise<ByteStream> {
  let response: Response;
  try {
    response = await ask();
  } catch {
    throw new OpeningFailed("network");
  }
  if (response.status === 404) throw new OpeningFailed("missing");
  if (!response.ok || response.body === null) throw new OpeningFailed(response.status >= 500 ? "network" : "refused");
  return response.body;
}

/**
 * Opens `sealed` (the promise of it, so that a sink is aborted where that fails) with the first identity that fits and writes the file to `sink`, in constant memory: cut at its size, with nothing but
 * zeros behind it, up to its class, and its SHA-256 compared. `sink` is closed when all of that holds, else aborted: OpeningFailed.
 * `moved` is called whenever bytes came or were written.
 */
export async function openTo(
  sealed: ByteStream | Promise<ByteStream>,
  identities: readonly string[],
  attachment: Attachment,
  sink: Sink,
  progress: (bytes: number) => void = () => {},
  moved: () => void = () => {},
): Promise<void> {
  try {
    await pour(unsealInPlace(await sealed, identities, moved), attachment, watched(sink, moved), progress);
    await saved(() => sink.close());
  } catch (error) {
    await sink.abort().catch(() => undefined);
    throw error instanceof OpeningFailed ? error : new OpeningFailed(error instanceof FormatError ? "altered" : "network");
  }
}

/** The same into memory: for what is small enough to be shown. */
export async function openBytes(sealed: ByteStream, identities: readonly string[], attachment: Attachment): Promise<Uint8Array> {
  const bytes = new Uint8Array(attachment.size);
  let at = 0;
  const write = async (part: Uint8Array) => {
    bytes.set(part, at);
    at += part.length;
  };
  await openTo(sealed, identities, attachment, { write, close: async () => {}, abort: async () => {} });
  return bytes;
}

/** Only what `pour` needs. */
function watched(sink: Sink, moved: () => void): Pick<Sink, "write"> {
  return {
    async write(bytes) {
      await sink.write(bytes);
      moved();
    },
  };
}

async function pour(chunks: AsyncIterable<Uint8Array>, attachment: Attachment, sink: Pick<Sink, "write">, progress: (bytes: number) => void): Promise<void> {
  const hash = sha256.create();
  let at = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, Math.max(0, attachment.size - at));
    if (chunk.subarray(part.length).some((byte) => byte !== 0)) throw new FormatError();
    at += chunk.length;
    litter();
    if (part.length === 0) continue;
    hash.update(part);
    await saved(() => sink.write(part));
    progress(Math.min(at, attachment.size));
  }
  if (at !== attachmentClass(attachment.size) || !equal(hash.digest(), attachment.sha256)) throw new FormatError();
}

async function saved(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch {
    throw new OpeningFailed("unsaved");
  }
}

/** Part of the File System Access API, which only some browsers have, in secure contexts. */
type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

function picker(): Picker | undefined {
  const found: unknown = Reflect.get(globalThis, "showSaveFilePicker");
  return typeof found === "function" ? (options) => Reflect.apply(found, globalThis, [options]) as ReturnType<Picker> : undefined;
}

/** Gathers what is written, so that it goes on in fewer and longer parts. `pass` may hold its array only until it is done. */
class Gathered {
  readonly #held: Uint8Array<ArrayBuffer>;
  readonly #pass: (part: Uint8Array<ArrayBuffer>) => Promise<void>;
  #length = 0;

  constructor(length: number, pass: (part: Uint8Array<ArrayBuffer>) => Promise<void>) {
    this.#held = new Uint8Array(length);
    this.#pass = pass;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#length + bytes.length > this.#held.length) await this.flush();
    this.#held.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  async flush(): Promise<void> {
    await this.#pass(this.#held.subarray(0, this.#length));
    this.#length = 0;
  }
}

/** Bytes that are written to a file at a time, and that become part of a Blob at a time. */
const together = 1024 * 1024;
/** Some browsers begin a download only after the press is over. */
const revokedAfterMilliseconds = 60_000;

/** Browsers write beside the chosen file and put that in place at the end. */
function writableSink(file: FileSystemWritableFileStream): Sink {
  const gathered = new Gathered(together, (part) => file.write(part));
  return {
    write: (bytes) => gathered.write(bytes),
    async close() {
      await gathered.flush();
      await file.close();
    },
    abort: () => file.abort(),
  };
}

/** Browsers keep a Blob elsewhere than in the page, on disk where it is long. */
function downloadSink(name: string): Sink {
  let whole = new Blob();
  const gathered = new Gathered(4 * together, async (part) => {
    whole = new Blob([whole, part], { type: "application/octet-stream" });
  });
  return {
    write: (bytes) => gathered.write(bytes),
    async close() {
      await gathered.flush();
      download(whole, name);
    },
    async abort() {
      whole = new Blob();
    },
  };
}

function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), revokedAfterMilliseconds);
}
