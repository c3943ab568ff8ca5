/** One file as a row of a list: its name and size, what becomes of it, and what can be done. */
import { all, clone, filled, fillAll, find, maybe, plainText, sentence, show, slot } from "../dom/templates.ts";
import { writtenSize } from "./sizes.ts";
import type { Upload } from "./upload.ts";

/** What a person does with a file. */
export type Act = "pause" | "resume" | "retry" | "remove";

const acts = { waiting: ["pause"], sending: ["pause"], retrying: ["pause"], paused: ["resume"], failed: ["retry"], complete: [] } as const;

/** A row in one view. */
export class FileRow {
  readonly #row: HTMLElement;
  readonly #upload: Upload;
  readonly #most: number;
  #shown = "";

  constructor(view: HTMLElement, upload: Upload, most: number, act: (act: Act) => void) {
    const copy = clone("file");
    this.#row = find(copy, "[data-file]", HTMLElement);
    this.#upload = upload;
    this.#most = most;
    fillAll(copy, { name: upload.name, label: upload.name });
    slot(copy, "size").textContent = writtenSize(upload.size);
    for (const button of all(copy, "button[data-act]", HTMLButtonElement)) {
      button.addEventListener("click", () => act(button.dataset["act"] as Act));
    }
    view.append(copy);
    this.update();
  }

  /** Whether one of its buttons has the focus. */
  get holdsFocus(): boolean {
    return this.#row.contains(document.activeElement);
  }

  /** Moves to its first button. */
  focus(): void {
    this.#buttons.find((button) => !button.hidden)?.focus();
  }

  /** Shows what has changed. */
  update(): void {
    const { state, failure, percent } = this.#upload;
    const now = `${state} ${failure ?? ""} ${percent}`;
    if (now === this.#shown) return;
    this.#shown = now;
    const pressed = this.#buttons.find((button) => button === document.activeElement);
    this.#row.dataset["file"] = state;
    find(this.#row, "progress", HTMLProgressElement).value = percent;
    slot(this.#row, "state").replaceChildren(sentenceOf(this.#upload, this.#most));
    const possible: readonly string[] = ["remove", ...acts[state]];
    const beyond = failure === "too_large";
    for (const button of this.#buttons) show(button, possible.includes(button.dataset["act"] ?? "") && !(beyond && button.dataset["act"] === "retry"));
    if (pressed?.hidden) this.#focusSuccessor();
  }

  /** The button that was pressed has given its place to another. Where there is none, the row itself says what became of it; never Remove. */
  #focusSuccessor(): void {
    const next = this.#buttons.find((button) => !button.hidden && button.dataset["act"] !== "remove");
    if (next === undefined) this.#row.tabIndex = -1;
    (next ?? this.#row).focus();
  }

  /** Closes its buttons, or opens them again. */
  lock(locked: boolean): void {
    for (const button of this.#buttons) button.disabled = locked;
  }

  remove(): void {
    this.#row.remove();
  }

  get #buttons(): readonly HTMLButtonElement[] {
    return all(this.#row, "button[data-act]", HTMLButtonElement);
  }
}

/** Whose failure each place tells. */
const failureToldIn = new WeakMap<HTMLElement, Upload>();

/**
 * Tells those who do not see the rows, beside the list: that a file failed, or that all are complete. Progress is not told, and takes back
 * only what was told of the same file.
 */
export function tellNews(view: HTMLElement, upload: Upload, most: number, complete: boolean): void {
  const place = maybe(view.parentElement ?? view, "[data-file-news]", HTMLElement);
  if (place === undefined) return;
  const failed = upload.state === "failed";
  const before = failureToldIn.get(place);
  if (!failed && !complete && before !== undefined && before !== upload) return;
  if (failed) failureToldIn.set(place, upload);
  else failureToldIn.delete(place);
  const news = failed ? failureOf(upload, most) : complete ? sentence("file-news-complete") : "";
  if (place.textContent !== news) place.textContent = news;
}

function failureOf(upload: Upload, most: number): string {
  return sentence("file-news-failed", { name: upload.name, reason: plainText(sentenceOf(upload, most)) });
}

function sentenceOf({ state, failure, percent }: Upload, most: number): DocumentFragment {
  const name = state === "failed" ? `file-failed-${failure ?? "refused"}` : `file-${state}`;
  return filled(name, { percent: String(percent), limit: writtenSize(most) });
}
