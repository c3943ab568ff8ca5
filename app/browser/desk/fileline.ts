/** One file of a letter: what its message says of it, whether the server has it, and opening it to a download or into the page. */
import type { Mark } from "../core/conversation.ts";
import { cleanName, cleanType } from "../core/filenames.ts";
import { limits } from "../core/limits.ts";
import type { Attachment } from "../core/message.ts";
import { all, clone, fill, filled, find, show, slot } from "../dom/templates.ts";
import { OpeningFailed, openBytes, openTo, sealedBody, sinkFor } from "../files/opening.ts";
import { writtenSize } from "../files/sizes.ts";
import { draw } from "./drawing.ts";
import { type Showing, hex, kindOf, showingOf } from "./filefacts.ts";
import { pictureIn } from "./pictures.ts";
import { plainTextIn } from "./plaintext.ts";
import type { Store } from "./store.ts";

/** What is done with a file. */
type Act = "save" | "view" | "hide" | "stop" | "copy";

/** What is said of a file that is the one that its message names. Each has a second sentence, for a message that does not check. */
const agreeing: ReadonlySet<string> = new Set([
  "opening-saved",
  "letter-file-shown",
  "letter-file-shown-cut",
  "letter-file-no-picture",
  "letter-file-no-text",
  "letter-file-too-many-pixels",
  "letter-file-not-drawn",
]);

/** A file's line in its letter. */
export class FileLine {
  readonly element: HTMLElement;
  readonly #attachment: Attachment;
  readonly #proved: boolean;
  readonly #showing: Showing | undefined;
  readonly #store: Store;
  #stopping: AbortController | undefined;

  /** `mark`: of the message that names the file. `there`: whether the server lists the file. */
  constructor(attachment: Attachment, mark: Mark, there: boolean, store: Store) {
    this.#attachment = attachment;
    this.#proved = mark === "verified" || mark === "server";
    this.#store = store;
    this.#showing = showingOf({ ...attachment, type: cleanType(attachment.type) });
    this.element = find(clone("letter-file"), "[data-letter-file]", HTMLElement);
    this.#describe(attachment);
    const acts: Readonly<Record<Act, () => void>> = {
      save: () => void this.#open(() => this.#save()),
      view: () => void this.#open(() => this.#view()),
      hide: () => this.#hide(),
      stop: () => this.#stopping?.abort(),
      copy: () => void this.#copy(),
    };
    for (const button of this.#buttons) button.addEventListener("click", acts[button.dataset["act"] as Act]);
    this.#offer(there ? "open" : "nothing");
    if (!there) this.#say("opening-missing");
  }

  /** Whether the file is being opened. */
  get busy(): boolean {
    return this.#stopping !== undefined;
  }

  /** Ends what is going on. */
  end(): void {
    this.#stopping?.abort();
  }

  #describe({ name, type, size, sha256 }: Attachment): void {
    fill(this.element, "file-name", cleanName(name));
    const kind = cleanType(type);
    slot(this.element, "file-kind").replaceChildren(clone(`kind-${kindOf(kind)}`));
    fill(this.element, "file-type", kind);
    fill(this.element, "file-size", writtenSize(size));
    fill(this.element, "file-digest", hex(sha256));
  }

  /** Runs one opening, and says what came of it. */
  async #open(act: () => Promise<string>): Promise<void> {
    if (this.#stopping !== undefined) return;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#hide();
    this.#offer("stop");
    let said: string;
    try {
      said = await act();
    } catch (error) {
      if (!(error instanceof OpeningFailed)) throw error;
      said = signal.aborted ? "opening-stopped" : this.#reason(error);
    } finally {
      this.#stopping = undefined;
      this.#offer("open");
    }
    this.#say(this.#proved || !agreeing.has(said) ? said : `${said}-unproved`);
  }

  #reason({ code }: OpeningFailed): string {
    return code === "refused" ? "letter-file-refused" : `opening-${code}`;
  }

  /** The answer is waited for within the opening, which leaves nothing at the chosen place when none comes. */
  async #save(): Promise<string> {
    const sink = await sinkFor(this.#attachment);
    if (sink === undefined) return "opening-stopped";
    this.#progress(0);
    await openTo(this.#sealed(), this.#store.identities, this.#attachment, sink, (bytes) => this.#progress(bytes));
    return "opening-saved";
  }

  async #view(): Promise<string> {
    this.#progress(0);
    const bytes = await openBytes(await this.#sealed(), this.#store.identities, this.#attachment);
    return this.#showing === "text" ? this.#showText(bytes) : this.#showPicture(bytes);
  }

  async #sealed() {
    const { signal } = this.#stopping ?? new AbortController();
    return sealedBody(() => this.#store.ask(this.#attachment.id, signal));
  }

  #showText(bytes: Uint8Array): string {
    const found = plainTextIn(bytes);
    if (found === undefined) return "letter-file-no-text";
    this.#place.replaceChildren(filled("letter-file-text", { "file-text": found.text }));
    show(this.#place);
    return found.cut ? "letter-file-shown-cut" : "letter-file-shown";
  }

  async #showPicture(bytes: Uint8Array): Promise<string> {
    const picture = pictureIn(bytes);
    if (picture === undefined) return "letter-file-no-picture";
    if (picture.width * picture.height > limits.preview_pixels) return "letter-file-too-many-pixels";
    show(this.#place);
    const drawn = await draw(this.#place, bytes as Uint8Array<ArrayBuffer>, picture.type);
    show(this.#place, drawn);
    return drawn ? "letter-file-shown" : "letter-file-not-drawn";
  }

  #hide(): void {
    this.#place.replaceChildren();
    show(this.#place, false);
    this.#say();
    this.#offer("open");
  }

  async #copy(): Promise<void> {
    const copied = find(this.element, "[data-copied]", HTMLElement);
    try {
      await navigator.clipboard.writeText(hex(this.#attachment.sha256));
      show(copied);
    } catch {
      // No clipboard here: the hash is there to be selected.
      getSelection()?.selectAllChildren(slot(this.element, "file-digest"));
    }
  }

  /** Whole per cent only, so that a reader of the screen is not told every piece. */
  #progress(bytes: number): void {
    const { size } = this.#attachment;
    const percent = size === 0 ? 0 : Math.floor((100 * bytes) / size);
    const bar = find(this.element, "progress", HTMLProgressElement);
    show(bar);
    bar.value = percent;
  }

  #say(template?: string): void {
    show(find(this.element, "progress", HTMLProgressElement), false);
    const place = slot(this.element, "file-says");
    place.replaceChildren(...(template === undefined ? [] : [clone(template)]));
    this.element.dataset["says"] = template ?? "";
  }

  /** Shows the buttons that make sense now. The one that was pressed may give its place to another, which then has the focus. */
  #offer(what: "open" | "stop" | "nothing"): void {
    const held = this.#buttons.some((button) => button === document.activeElement);
    const shown = this.#place.childElementCount > 0;
    const view: readonly Act[] = this.#showing === undefined ? [] : shown ? ["hide"] : ["view"];
    const open: readonly string[] = what === "open" ? ["save", ...view] : what === "stop" ? ["stop"] : [];
    for (const button of this.#buttons) show(button, button.dataset["act"] === "copy" || open.includes(button.dataset["act"] ?? ""));
    show(find(this.element, "[data-download-only]", HTMLElement), what !== "nothing" && this.#showing === undefined);
    const shownButtons = this.#buttons.filter((button) => !button.hidden);
    if (held && !shownButtons.some((button) => button === document.activeElement)) shownButtons[0]?.focus();
  }

  get #place(): HTMLElement {
    return find(this.element, "[data-view]", HTMLElement);
  }

  get #buttons(): readonly HTMLButtonElement[] {
    return all(this.element, "button[data-act]", HTMLButtonElement);
  }
}
