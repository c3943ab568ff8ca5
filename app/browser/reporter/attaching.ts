/**
 * The files of a form: the program that seals and sends them is fetched when the first one is chosen. Pages without a field for files,
 * and browsers where that program does not load, lose nothing else.
 */
import type { Attachment } from "../core/message.ts";
import type { FileList } from "../files/filelist.ts";
import { putFiles } from "../dom/form.ts";
import { all, clone, fill, find, hasTemplate, maybe, show } from "../dom/templates.ts";
import { filesProgram } from "./filesprogram.ts";

const endpoint = "/uploads";

/** What the files are sealed to, who hears of changes, and where else they are shown. */
export interface Needs {
  /** Readers first, the reporter last. */
  recipients(): readonly string[];
  changed(): void;
  /** Asked once, when the first file is chosen: what is to show the same rows. */
  elsewhere?(): readonly HTMLElement[];
  /** The button that sends, where it is not beside the field. */
  readonly send?: HTMLElement;
}

/** The files of one form. */
export class Attaching {
  readonly #input: HTMLInputElement | undefined;
  readonly #needs: Needs;
  #list: FileList | undefined;
  // Chosen while there was no list to take them.
  #pending: readonly File[] = [];
  #notes: readonly HTMLElement[] = [];
  #loading = false;
  #locked = false;

  constructor(form: HTMLFormElement, needs: Needs) {
    this.#needs = needs;
    this.#input = maybe(form, "input[type=file]", HTMLInputElement);
    this.#input?.addEventListener("change", () => this.#chosen());
    // Chosen before this program was there, or kept by a browser that came back to the page. Not before the page's own parts are there.
    queueMicrotask(() => this.#chosen());
  }

  /** How many files there are, those that are only chosen included. */
  get count(): number {
    return this.#pending.length + (this.#list?.count ?? 0);
  }

  /** How many of them are not sealed and on the server. */
  get unfinished(): number {
    return this.#pending.length + (this.#list?.unfinished ?? 0);
  }

  /** Whether one waits for the person. */
  get stuck(): boolean {
    return (this.#pending.length > 0 && !this.#loading) || (this.#list?.stuck ?? false);
  }

  /** Whether a note already says that the program did not load, and what can be done. */
  get notLoaded(): boolean {
    return this.#notes.length > 0;
  }

  /** What the message says of its files, once none is unfinished. */
  manifest(): readonly Attachment[] {
    return this.#list?.manifest() ?? [];
  }

  /** While a message is on its way, or may have arrived, its files stay as they are. */
  lock(locked: boolean): void {
    this.#locked = locked;
    this.#list?.lock(locked);
    if (this.#input !== undefined) this.#input.disabled = locked;
  }

  /** Everything once more: to other recipients, or because the server has lost some. */
  restart(): void {
    this.#list?.restart();
  }

  /** Forgets every file; with `remove`, the server is asked to delete what it has of them. */
  clear(remove: boolean): void {
    this.#pending = [];
    this.#takeNotes();
    this.#list?.clear(remove);
    if (this.#input !== undefined) this.#input.value = "";
  }

  /** The field holds what was just chosen, and nothing of what was chosen before: all of it is put back. */
  #chosen(): void {
    const input = this.#input;
    if (input === undefined || this.#locked || !input.files?.length) return;
    this.#pending = [...this.#pending, ...input.files];
    if (this.#list === undefined) putFiles(input, this.#pending);
    if (!this.#loading) void this.#takeIn(input);
  }

  async #takeIn(input: HTMLInputElement): Promise<void> {
    this.#loading = true;
    this.#takeNotes();
    this.#needs.changed();
    try {
      this.#list ??= await this.#load(input);
      const files = this.#pending;
      this.#pending = [];
      this.#sayOver(this.#list.add(files));
    } catch {
      this.#sayNotLoaded(input);
    } finally {
      this.#loading = false;
      this.#needs.changed();
    }
  }

  /** Beside the field, and beside the button that waits for it. */
  #sayNotLoaded(input: HTMLInputElement): void {
    // The files were forgotten meanwhile.
    if (this.#pending.length === 0) return;
    const { send } = this.#needs;
    this.#notes = [this.#note(fieldAround(input), input), ...(send === undefined ? [] : [this.#note(send.parentElement ?? send, send)])];
  }

  /** `focused` takes the focus from the note's buttons, which go with it. */
  #note(element: HTMLElement, focused: HTMLElement): HTMLElement {
    const note = find(clone("files-failed"), "[data-files-failed]", HTMLElement);
    const [again, without] = all(note, "button", HTMLButtonElement);
    const act = (what: () => void) => () => {
      focused.focus();
      what();
    };
    again?.addEventListener("click", act(() => this.#input && void this.#takeIn(this.#input)));
    without?.addEventListener("click", act(() => this.#goOnWithout()));
    element.after(note);
    return note;
  }

  #goOnWithout(): void {
    if (this.#locked) return;
    this.#pending = [];
    if (this.#input !== undefined) putFiles(this.#input, []);
    this.#takeNotes();
    this.#needs.changed();
  }

  #takeNotes(): void {
    for (const note of this.#notes) note.remove();
    this.#notes = [];
  }

  #sayOver(over: number): void {
    for (const place of all(document, "[data-files-over]", HTMLElement)) {
      fill(place, "number", String(over));
      show(place, over > 0);
    }
  }

  async #load(input: HTMLInputElement): Promise<FileList> {
    const { FileList } = await filesProgram();
    const needs = this.#needs;
    const copy = clone("files");
    const places = find(copy, "[data-files]", HTMLElement);
    fieldAround(input).after(copy);
    return new FileList({
      input,
      views: [find(places, "[data-file-rows]", HTMLElement), ...(needs.elsewhere?.() ?? [])],
      place: { endpoint, credentials: "omit" },
      most: Number(places.dataset["most"]),
      recipients: () => needs.recipients(),
      changed: () => needs.changed(),
    });
  }
}

function fieldAround(input: HTMLElement): HTMLElement {
  return input.closest<HTMLElement>("[data-field]") ?? input;
}

/** Says below a button what its message waits for; gives whether it waits. */
export function sayWaiting(button: HTMLElement, files: Attaching): boolean {
  const waits = files.unfinished > 0;
  button.setAttribute("aria-disabled", String(waits));
  // Before the program for files is there, there is nothing to say it with; what is wrong is said beside the field.
  if (!hasTemplate("files-wait")) return waits;
  const place = waitingPlace(button.parentElement ?? button);
  const says = waits && !files.notLoaded;
  const name = says ? (files.stuck ? "files-wait-stuck" : "files-wait") : "";
  if (place.dataset["filesWait"] !== name) place.replaceChildren(...(says ? [clone(name)] : []));
  place.dataset["filesWait"] = name;
  fill(place, "ready", String(files.count - files.unfinished));
  fill(place, "all", String(files.count));
  return waits;
}

/** The place below the line that a button stands in. */
function waitingPlace(line: HTMLElement): HTMLElement {
  const next = line.nextElementSibling;
  if (next instanceof HTMLElement && next.dataset["filesWait"] !== undefined) return next;
  const copy = clone("files-waiting");
  const place = find(copy, "[data-files-wait]", HTMLElement);
  line.after(copy);
  return place;
}
