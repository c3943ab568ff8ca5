/** The files of letters: what each says of itself, whether the server has it, and opening it. */
import type { Mark } from "../core/conversation.ts";
import { cleanName, cleanType } from "../core/filenames.ts";
import type { Attachment } from "../core/message.ts";
import { all, clone, fill, fillAll, find, show, slot } from "../dom/templates.ts";
import type { Sink } from "../files/opening.ts";
import { writtenSize } from "../files/sizes.ts";
import { kindOf } from "./filekinds.ts";
import { filesProgram } from "./filesprogram.ts";

/** How the files of one conversation are fetched and opened. */
export interface Opener {
  /** The answer that has a file's sealed bytes. */
  ask(id: string, signal: AbortSignal): Promise<Response>;
  /** The reporter's. Secret. */
  readonly identity: string;
  /** Ends every opening. */
  readonly leaving: AbortSignal;
}

/** What a letter says of its files, and how far it can be believed. */
export interface Listing {
  readonly attachments: readonly Attachment[];
  /** Ids of those that the server lists for it. */
  readonly kept: readonly string[];
  readonly mark: Mark;
}

/** How long nothing may come of a file. */
const patienceMilliseconds = 60_000;

/** The files of a letter. The page has the parts about files. */
export function letterFiles({ attachments, kept, mark }: Listing, opener: Opener): DocumentFragment {
  // Browsers ask for a place only soon after a press: the program is there by then. Where it does not load, the press says so.
  filesProgram().catch(() => undefined);
  const copy = clone("letter-files");
  const way = "showSaveFilePicker" in globalThis ? "place" : "download";
  for (const hint of all(copy, "[data-opens]", HTMLElement)) show(hint, hint.dataset["opens"] === way);
  const checks = mark === "verified" || mark === "server";
  const rows = attachments.map((attachment) => row(new Opening(attachment, checks, opener), kept.includes(attachment.id)));
  slot(copy, "rows").replaceChildren(...rows);
  return copy;
}

function row(opening: Opening, kept: boolean): HTMLElement {
  if (kept) opening.offer();
  else opening.say("opening-missing");
  return opening.element;
}

/** A file's line in its letter, and opening it: once at a time. */
class Opening {
  readonly element = find(clone("letter-file"), "li", HTMLElement);
  readonly #attachment: Attachment;
  readonly #checks: boolean;
  readonly #opener: Opener;
  readonly #open = find(this.element, "[data-open]", HTMLButtonElement);
  readonly #stop = find(this.element, "[data-stop]", HTMLButtonElement);
  #stopping: AbortController | undefined;

  /** `checks`: whether the letter that names the file does. */
  constructor(attachment: Attachment, checks: boolean, opener: Opener) {
    this.#attachment = attachment;
    this.#checks = checks;
    this.#opener = opener;
    const name = cleanName(attachment.name);
    fillAll(this.element, { name, label: name, size: writtenSize(attachment.size) });
    slot(this.element, "kind").replaceChildren(clone(`letter-kind-${kindOf(cleanType(attachment.type))}`));
    this.#open.addEventListener("click", () => void this.#pressed());
    this.#stop.addEventListener("click", () => this.#stopping?.abort());
  }

  /** Shows the button that opens it. */
  offer(): void {
    show(this.#open);
  }

  /** Says something about it, by the name of the sentence. */
  say(name?: string): void {
    slot(this.element, "opening").replaceChildren(...(name === undefined ? [] : [clone(name)]));
  }

  async #pressed(): Promise<void> {
    if (this.#stopping !== undefined) return;
    const stopping = new AbortController();
    const leave = () => stopping.abort();
    this.#opener.leaving.addEventListener("abort", leave);
    this.#stopping = stopping;
    this.#open.setAttribute("aria-disabled", "true");
    this.say();
    const name = await this.#outcome(stopping.signal);
    this.#opener.leaving.removeEventListener("abort", leave);
    this.#stopping = undefined;
    this.#running(false);
    this.#open.setAttribute("aria-disabled", "false");
    this.say(name);
  }

  /** The name of the sentence about what came of it. */
  async #outcome(stopped: AbortSignal): Promise<string> {
    try {
      const { sinkFor } = await filesProgram();
      const sink = await sinkFor(this.#attachment);
      if (sink === undefined) return "opening-stopped";
      this.#running(true);
      await this.#pour(sink, stopped);
      return this.#checks ? "opening-saved" : "opening-unchecked";
    } catch (error) {
      return stopped.aborted ? "opening-stopped" : `opening-${codeOf(error)}`;
    }
  }

  /** Opens it to its place. Ends with "network" when nothing comes for too long. */
  async #pour(sink: Sink, stopped: AbortSignal): Promise<void> {
    const { openTo, sealedBody } = await filesProgram();
    const ending = new AbortController();
    const end = () => ending.abort();
    stopped.addEventListener("abort", end);
    if (stopped.aborted) end();
    let patience = setTimeout(end, patienceMilliseconds);
    const moved = () => {
      clearTimeout(patience);
      patience = setTimeout(end, patienceMilliseconds);
    };
    try {
      const sealed = sealedBody(() => this.#opener.ask(this.#attachment.id, ending.signal));
      await openTo(sealed, [this.#opener.identity], this.#attachment, sink, (bytes) => this.#progress(bytes), moved);
    } finally {
      clearTimeout(patience);
      stopped.removeEventListener("abort", end);
    }
  }

  #progress(bytes: number): void {
    fill(this.element, "percent", String(Math.floor((100 * bytes) / this.#attachment.size)));
  }

  /** How far it is, and the button that stops it. That button gives the focus back where it came from. */
  #running(running: boolean): void {
    const held = this.#stop === document.activeElement;
    fill(this.element, "percent", "0");
    show(slot(this.element, "running"), running);
    show(this.#stop, running);
    if (held) this.#open.focus();
  }
}

/** By its code, and not by its class: the program for files is built by itself, with classes of its own. */
function codeOf(error: unknown): string {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "program";
}
