/** One message as a letter: who wrote it, whether that can be relied on, and what it says. Put in as text, whatever it holds. */
import type { Checked, Problem } from "../core/conversation.ts";
import type { ListedMessage } from "../core/listed.ts";
import type { Answer, Payload } from "../core/message.ts";
import { all, clone, fill, filled, find, show, slots } from "../dom/templates.ts";
import { Extras } from "./extras.ts";
import { shortDay } from "./page.ts";
import { place } from "./place.ts";
import type { Store } from "./store.ts";
import type { Case } from "./writing.ts";

/** After these nobody can say who wrote a message. */
const anonymous: ReadonlySet<Problem> = new Set(["unreadable", "malformed", "signature"]);

/** A letter with what is listed beside its seal. */
export type Shown = readonly [listed: ListedMessage, checked: Checked];

/** The list of letters on a case's page. */
export class Letters {
  readonly #list = find(document, "ol[data-slot=letters]", HTMLElement);
  readonly #officer: string;
  readonly #extras: Extras;

  /** `officer`: the id of whoever reads, who is named "You". `own`: the page, for what is written from within a letter. */
  constructor(officer: string, own: Case) {
    this.#officer = officer;
    this.#extras = new Extras(own);
  }

  /** The letters on the page, in their order. */
  get items(): readonly HTMLElement[] {
    return all(this.#list, "[data-letter]", HTMLElement);
  }

  /** Whether leaving the page would lose something in one of them. */
  get holdsDraft(): boolean {
    return this.#extras.holdsDraft;
  }

  /** Shows the messages in their frames, which are made when the page has none. */
  showAll(letters: readonly Shown[], store: Store): void {
    const numbers = new Map(letters.map(([{ id, number }]) => [id, number]));
    for (const [listed, checked] of letters) {
      const frame = this.#frame(listed);
      frame.dataset["mark"] = checked.mark;
      show(find(frame, "[data-note-label]", HTMLElement), listed.kind === "note");
      place(frame, "mark", markOf(checked));
      showProblems(frame, checked.problems);
      if (checked.notice === undefined) this.#showMessage(frame, checked, numbers);
      else this.#showTaken(frame, checked.notice, dayOf(letters, checked.notice));
      this.#extras.show(frame, listed, checked, store);
    }
  }

  /** Takes everything that was opened off the page, and says why in each letter. */
  cover(template: "letter-locked" | "letter-alarm" | "letter-no-access" | "letter-not-fetched"): void {
    this.#extras.end();
    for (const frame of this.items) {
      for (const name of ["who", "mark", "letter-subject", "problems", "answers", "notice"]) {
        for (const slot of slots(frame, name)) slot.replaceChildren();
      }
      for (const name of ["letter-subject", "problems", "answers", "notice"]) for (const slot of slots(frame, name)) show(slot, false);
      // A space, because an empty place is drawn as one that is still to be filled.
      fill(frame, "who", " ");
      place(frame, "body", template);
      delete frame.dataset["mark"];
    }
  }

  #frame(listed: ListedMessage): HTMLElement {
    const present = this.items.find(({ dataset }) => dataset["number"] === String(listed.number));
    if (present !== undefined) return present;
    const frame = find(clone("letter"), "[data-letter]", HTMLElement);
    frame.id = `message-${String(listed.number)}`;
    frame.dataset["number"] = String(listed.number);
    frame.dataset["kind"] = listed.kind;
    frame.classList.toggle("letter-note", listed.kind === "note");
    fill(frame, "number", String(listed.number));
    fill(frame, "day", shortDay(listed.day));
    for (const slot of slots(frame, "day")) slot.setAttribute("datetime", listed.day);
    this.#list.append(frame);
    return frame;
  }

  #showMessage(frame: HTMLElement, checked: Checked, numbers: ReadonlyMap<string, number>): void {
    const { payload, problems, mark } = checked;
    const author = problems.some((problem) => anonymous.has(problem)) ? undefined : payload?.author;
    if (problems.includes("removed")) place(frame, "who", "who-removed");
    else this.#showWriter(frame, "who", author);
    const taken = payload?.removed === undefined ? undefined : numbers.get(payload.removed.id);
    showNotice(frame, taken === undefined ? undefined : filled("notice-took", { number: String(taken) }));
    showText(frame, mark === "removed" ? undefined : payload);
  }

  /** A message that is gone: who took it away, when, and the reason that the notice gives. */
  #showTaken(frame: HTMLElement, notice: Payload, day: string): void {
    place(frame, "who", "who-removed");
    showNotice(frame, filled("notice-taken", { day: shortDay(day) }));
    this.#showWriter(frame, "by", notice.author);
    showText(frame, undefined);
    if (notice.body !== "") place(frame, "body", "notice-reason", { reason: notice.body });
  }

  #showWriter(frame: HTMLElement, slot: string, author: Payload["author"] | undefined): void {
    if (author === undefined) place(frame, slot, "who-unknown");
    else if (author.role === "reporter") place(frame, slot, "who-reporter");
    else if (author.id === this.#officer) place(frame, slot, slot === "by" ? "by-you" : "who-you");
    else place(frame, slot, "who-officer", { name: author.name });
  }
}

/** The day on which the server had a notice, and the one that it names itself where it is not listed. */
function dayOf(letters: readonly Shown[], notice: Payload): string {
  return letters.find(([, { payload }]) => payload === notice)?.[0].day ?? notice.writtenOn;
}

/** Where a message was sealed is only what it says itself; that and no more is what its mark claims. */
function markOf({ mark, kind, payload }: Checked): string {
  if (mark !== "verified" || payload === undefined) return `mark-${mark}`;
  if (payload.author.role === "officer") return kind === "note" ? "mark-verified-note" : "mark-verified-officer";
  return `mark-verified-${payload.sealedBy}`;
}

function showProblems(frame: HTMLElement, problems: readonly Problem[]): void {
  for (const list of slots(frame, "problems")) {
    list.replaceChildren(...problems.map((problem) => clone(`problem-${problem}`)));
    show(list, problems.length > 0);
  }
}

function showNotice(frame: HTMLElement, notice: DocumentFragment | undefined): void {
  for (const slot of slots(frame, "notice")) {
    slot.replaceChildren(...(notice === undefined ? [] : [notice]));
    show(slot, notice !== undefined);
  }
}

function showText(frame: HTMLElement, payload: Payload | undefined): void {
  const subject = payload?.subject ?? "";
  fill(frame, "letter-subject", subject);
  for (const slot of slots(frame, "letter-subject")) show(slot, subject !== "");
  // What has no words says so in its mark; a space, because an empty place is drawn as one that is still to be filled.
  fill(frame, "body", payload === undefined || payload.body === "" ? " " : payload.body);
  for (const list of slots(frame, "answers")) {
    list.replaceChildren(...(payload?.answers ?? []).map(answer));
    show(list, list.childElementCount > 0);
  }
}

function answer({ label, value }: Answer): DocumentFragment {
  return filled("answer", { label, value });
}
