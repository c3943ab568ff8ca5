/** One file on its way to the server: sealed while it is sent (tus 1.0), paused, resumed, tried again, taken back. */
import type { DetailedError, UploadOptions } from "tus-js-client";
import Tus from "tus-js-client/lib/upload.js";
import { isId } from "../core/encoding.ts";
import { QuietlineError } from "../core/errors.ts";
import { cleanName, cleanType } from "../core/filenames.ts";
import type { Attachment } from "../core/message.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { Pace } from "./pace.ts";
import { Reader } from "./reader.ts";
import { SealedSource } from "./sealer.ts";
import { FetchStack, type Place } from "./stack.ts";

/** `retrying`: the line is broken, and it goes on by itself once it is back. */
export type State = "waiting" | "sending" | "paused" | "retrying" | "failed" | "complete";

/** Milliseconds between tries that bring nothing forward: soon at first, then for longer than an upload is kept. */
const retryDelays: readonly number[] = [500, 1000, 2000, 5000, 10_000, 20_000, ...new Array<number>(6000).fill(30_000)];
/** How often an upload that the server does not know any more is begun anew. */
const mostBeginnings = 3;

/** What an upload is of, and what it needs. */
export interface Order {
  readonly file: File;
  /** Readers first, the reporter last: whom the message is sealed to. */
  readonly recipients: readonly string[];
  readonly place: Place;
  readonly pace: Pace;
  /** Largest file, in bytes. */
  readonly most: number;
  /** Called after every change of state or progress. */
  changed(): void;
}

interface Run {
  readonly tus: Tus;
  readonly stack: FetchStack;
}

/** One file. It begins as `waiting`. */
export class Upload {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly #order: Order;
  #state: State = "waiting";
  #failure: Failure | undefined;
  #source: SealedSource | undefined;
  #digest: Uint8Array | undefined;
  #url: string | undefined;
  #sent = 0;
  #run: Run | undefined;
  #beginnings = 0;
  readonly #online = () => this.#cameBack();

  constructor(order: Order) {
    this.#order = order;
    this.name = cleanName(order.file.name);
    this.type = cleanType(order.file.type);
    this.size = order.file.size;
    if (this.size > order.most) this.#fail("too_large");
  }

  get state(): State {
    return this.#state;
  }

  /** Why, while the state is `failed`. */
  get failure(): Failure | undefined {
    return this.#failure;
  }

  /** Percent of the sealed bytes that the server has, as a whole number. */
  get percent(): number {
    if (this.#state === "complete") return 100;
    return this.#source === undefined ? 0 : Math.floor((100 * this.#sent) / this.#source.length);
  }

  /** The server's name for it, once there is one. */
  get id(): string | undefined {
    const last = this.#url?.split("/").pop() ?? "";
    return isId(last) ? last : undefined;
  }

  /** What the message says of the file; nothing until it is complete. */
  manifest(): Attachment | undefined {
    const { id, name, type, size } = this;
    const sha256 = this.#digest;
    return this.#state === "complete" && id !== undefined && sha256 !== undefined ? { id, name, type, size, sha256 } : undefined;
  }

  /** Begins, or goes on. */
  start(): void {
    if (this.#state === "sending" || this.#state === "retrying" || this.#state === "complete" || this.size > this.#order.most) return;
    this.#failure = undefined;
    addEventListener("online", this.#online);
    this.#become("sending");
    void this.#begin();
  }

  /** Stops until `resume`. The server keeps what it has. */
  pause(): void {
    if (this.#state === "failed" || this.#state === "complete") return;
    this.#stop();
    this.#become("paused");
  }

  /** From pause back into the queue. */
  resume(): void {
    if (this.#state === "paused") this.#become("waiting");
  }

  /** After a failure, back into the queue. A file that has changed, or that the server would not have, is sealed anew. */
  retry(): void {
    if (this.#state !== "failed" || this.size > this.#order.most) return;
    if (this.#failure === "changed" || this.#failure === "refused") this.#forget();
    this.#beginnings = 0;
    this.#failure = undefined;
    this.#become("waiting");
  }

  /** Ends it, and lets go of the file. With `remove` the server is asked to delete what it has; nobody waits for that. */
  end(remove: boolean): void {
    this.#stop();
    if (remove) this.#remove();
    this.#forget();
    this.#failure = undefined;
    this.#state = "paused";
  }

  async #begin(): Promise<void> {
    const before = this.#run;
    try {
      this.#source ??= await SealedSource.make(this.#order.file, this.#order.recipients);
    } catch {
      this.#fail("refused");
      return;
    }
    // Paused meanwhile, or begun a second time.
    if (this.#state === "sending" && this.#run === before) this.#go(this.#source);
  }

  #go(source: SealedSource): void {
    const stack = new FetchStack(this.#order.place, this.#order.pace);
    const tus = new Tus(source as unknown as File, this.#options(source, stack));
    this.#run = { tus, stack };
    tus.start();
  }

  #options(source: SealedSource, stack: FetchStack): UploadOptions {
    const { place, pace } = this.#order;
    return {
      ...Tus.defaultOptions,
      // Where it is known, it is never begun a second time: only asked how far it has come.
      ...(this.#url === undefined ? { endpoint: new URL(place.endpoint, location.href).href } : { uploadUrl: this.#url }),
      chunkSize: pace.bytes,
      retryDelays: [...retryDelays],
      storeFingerprintForResuming: false,
      fingerprint: () => Promise.resolve(""),
      httpStack: stack,
      fileReader: { openFile: () => Promise.resolve(new Reader(source)) },
      onUploadUrlAvailable: () => this.#known(stack),
      onChunkComplete: (_, sent) => this.#came(stack, sent),
      onSuccess: () => void this.#finish(stack, source),
      onShouldRetry: (error) => this.#shouldRetry(stack, error),
      onError: (error) => this.#failed(stack, error),
    };
  }

  /** The run that these requests belong to, unless it was left. */
  #runOf(stack: FetchStack): Run | undefined {
    return this.#run?.stack === stack ? this.#run : undefined;
  }

  #known(stack: FetchStack): void {
    const run = this.#runOf(stack);
    if (run === undefined) return;
    this.#url = run.tus.url ?? undefined;
    // Without this, tus-js-client answers a server that is down for a moment by beginning anew.
    run.tus.options.endpoint = null;
    this.#become("sending");
  }

  #came(stack: FetchStack, sent: number): void {
    const run = this.#runOf(stack);
    if (run === undefined) return;
    run.tus.options.chunkSize = this.#order.pace.bytes;
    this.#sent = sent;
    this.#become("sending");
  }

  async #finish(stack: FetchStack, source: SealedSource): Promise<void> {
    if (this.#runOf(stack) === undefined) return;
    try {
      this.#digest = await source.sha256();
    } catch (error) {
      this.#failed(stack, error);
      return;
    }
    if (this.#runOf(stack) === undefined) return;
    if (this.id === undefined) {
      // Without the server's name for it, no message could take it along.
      this.#fail("refused");
      return;
    }
    this.#stop();
    // Nothing more is read of it; a file that must be sealed to somebody else is a new upload.
    this.#source = undefined;
    this.#become("complete");
  }

  #shouldRetry(stack: FetchStack, error: DetailedError): boolean {
    if (this.#runOf(stack) === undefined || error.causingError instanceof QuietlineError) return false;
    const status = error.originalResponse?.getStatus() ?? 0;
    const again = status === 0 || (status >= 500 && status !== 507) || [408, 409, 423, 429, 460].includes(status);
    if (again) this.#become("retrying");
    return again;
  }

  #failed(stack: FetchStack, error: unknown): void {
    if (this.#runOf(stack) === undefined) return;
    const failure = failureOf(error);
    if (failure === "unknown" && this.#beginnings < mostBeginnings) this.#beginAnew();
    else this.#fail(failure === "unknown" ? "refused" : failure);
  }

  /** The server does not know it any more: the same sealed bytes once more, from the first. */
  #beginAnew(): void {
    this.#stop();
    this.#beginnings++;
    this.#url = undefined;
    this.#sent = 0;
    this.#state = "waiting";
    this.start();
  }

  #fail(failure: Failure): void {
    this.#stop();
    this.#failure = failure;
    this.#become("failed");
  }

  /** The browser says that it is online again: no need to wait for the next try. */
  #cameBack(): void {
    if (this.#state !== "retrying") return;
    this.#stop();
    this.#state = "waiting";
    this.start();
  }

  #stop(): void {
    removeEventListener("online", this.#online);
    const run = this.#run;
    this.#run = undefined;
    run?.stack.stop();
    void run?.tus.abort();
  }

  #remove(): void {
    if (this.#url === undefined) return;
    const stack = new FetchStack(this.#order.place, this.#order.pace);
    const onShouldRetry = (error: DetailedError) => (error.originalResponse?.getStatus() ?? 0) === 0;
    // What stays is swept by the server within two days.
    Tus.terminate(this.#url, { httpStack: stack, retryDelays: retryDelays.slice(0, 8), onShouldRetry }).catch(() => undefined);
  }

  #forget(): void {
    this.#source = undefined;
    this.#digest = undefined;
    this.#url = undefined;
    this.#sent = 0;
  }

  #become(state: State): void {
    this.#state = state;
    this.#order.changed();
  }
}
