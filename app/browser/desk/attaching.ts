/** Files beside a field in which an officer writes: chosen, sealed to whom the message will be sealed to, and sent while it is written. */
import type { Attachment } from "../core/message.ts";
import { FileList } from "../files/filelist.ts";
import { all, fill, find, show } from "../dom/templates.ts";
import { given } from "./page.ts";
import { formToken } from "./requests.ts";

/** What becomes of a form's files outside of it. */
export interface Surroundings {
  /** The server wants a password. */
  sessionOver(): void;
}

/** Why a message cannot go with its files: one of them needs a decision, the keys were closed meanwhile, or nobody knows to whom. */
export type NotReady = "files_stuck" | "locked" | "readers";

/** The files of one form. */
export class Attaching {
  readonly #place: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #list: FileList;
  readonly #surroundings: Surroundings;
  #recipients: readonly string[] | undefined;
  #sealedTo: readonly string[] = [];
  #open = false;
  #locked = false;
  #changed: () => void = () => {};

  constructor(form: HTMLElement, surroundings: Surroundings) {
    this.#place = find(form, "[data-attach]", HTMLElement);
    this.#input = find(this.#place, "input[type=file]", HTMLInputElement);
    this.#surroundings = surroundings;
    this.#list = new FileList({
      input: this.#input,
      views: all(this.#place, "[data-file-rows]", HTMLElement),
      place: { endpoint: given("uploads", this.#place), credentials: "same-origin", headers: formToken },
      most: Number(given("most", this.#place)),
      recipients: () => this.#sealedTo,
      changed: () => this.#listChanged(),
    });
    this.#input.addEventListener("change", () => this.#add());
    this.#close();
  }

  get count(): number {
    return this.#list.count;
  }

  get manifest(): readonly Attachment[] {
    return this.#list.manifest();
  }

  /** The keys are open. Files that were sealed to others than the message will be now are sealed anew; `undefined`: nobody to seal to. */
  open(recipients: readonly string[] | undefined): void {
    this.#open = recipients !== undefined;
    this.#recipients = recipients;
    this.#close();
    if (recipients === undefined) return;
    this.#list.hold(false);
    this.#follow();
  }

  /** The keys are closed: what was chosen stays, and nothing is sent. */
  hold(): void {
    this.#open = false;
    this.#list.hold(true);
    this.#close();
    this.#changed();
  }

  /** While a message is on its way, or may have arrived, its files stay. */
  lock(locked: boolean): void {
    this.#locked = locked;
    this.#list.lock(locked);
    this.#close();
  }

  /** Seals and sends every file once more; while nobody knows to whom, as soon as that is known. */
  again(): void {
    this.#sealedTo = this.#recipients ?? [];
    if (this.#recipients !== undefined) this.#list.restart();
  }

  /** The message has gone, and its files with it. */
  clear(): void {
    this.#list.clear();
  }

  /** Waits until every file is on the server. `waiting` is told how many are not. */
  async ready(waiting: (left: number) => void): Promise<NotReady | undefined> {
    for (;;) {
      this.#follow();
      if (this.#list.complete) return undefined;
      if (!this.#open) return this.#recipients === undefined ? "readers" : "locked";
      if (this.#list.stuck) return "files_stuck";
      waiting(this.#list.unfinished);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /**
   * Files go with a message to the readers of that message and to nobody else. The channel's keys may have changed since they were
   * sealed, even while a message was on its way: then they are sealed anew, as soon as they may change.
   */
  #follow(): void {
    if (this.#locked || this.#recipients === undefined || same(this.#recipients, this.#sealedTo)) return;
    if (this.count > 0) this.again();
    else this.#sealedTo = this.#recipients;
  }

  #add(): void {
    if (this.#recipients === undefined) return;
    // Taken out first: the list writes into the field what it has itself.
    const chosen = [...(this.#input.files ?? [])];
    this.#follow();
    const left = this.#list.add(chosen);
    const sentence = find(this.#place, "[data-too-many]", HTMLElement);
    fill(sentence, "left", String(left));
    show(sentence, left > 0);
  }

  #listChanged(): void {
    this.#changed();
    if (this.#open && this.#list.denied) this.#surroundings.sessionOver();
  }

  /** Nothing is chosen while nobody knows whom it would be sealed to. */
  #close(): void {
    this.#input.disabled = this.#locked || this.#recipients === undefined || !this.#open;
  }
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((recipient, at) => recipient === other[at]);
}
