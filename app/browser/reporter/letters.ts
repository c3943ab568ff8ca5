/** Letters on the page: everything that somebody wrote goes in as text. */
import type { Checked } from "../core/conversation.ts";
import type { Answer, Payload } from "../core/message.ts";
import { type DayStyle, written } from "../dom/days.ts";
import { clone, filled, find, show, slot } from "../dom/templates.ts";
import { type Opener, letterFiles } from "./letterfiles.ts";

/** A checked message, and the day it was listed under. */
export interface Letter {
  readonly checked: Checked;
  readonly day: string;
  /** Ids of the files that the server lists for it. */
  readonly kept: readonly string[];
}

/** What letters are shown with. */
export interface Showing {
  readonly style: DayStyle;
  /** Nothing where the page could not get what it shows of files. Letters do not wait for it. */
  readonly opener: Promise<Opener | undefined>;
}

/** The letters that a page shows, by what they say. */
export class Letters {
  readonly #place: HTMLElement;
  #shown: ReadonlyMap<string, HTMLElement> = new Map();

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  /** A letter for each message; the last one is named and can be moved to. Those that are shown already stay as they are, openings and all. */
  show(all: readonly Letter[], showing: Showing): void {
    const before = this.#shown;
    this.#shown = new Map(all.map((letter) => [keyOf(letter), before.get(keyOf(letter)) ?? articleOf(letter, showing)]));
    for (const [key, article] of before) if (!this.#shown.has(key)) article.remove();
    const articles = [...this.#shown.values()];
    articles.forEach((article, at) => {
      if (this.#place.children[at] !== article) this.#place.insertBefore(article, this.#place.children[at] ?? null);
      article.id = at === articles.length - 1 ? "newest" : "";
      if (article.id !== "") article.tabIndex = -1;
    });
  }

  clear(): void {
    this.#shown = new Map();
    this.#place.replaceChildren();
  }
}

/** All that decides how a letter looks: its bytes under its number never change, but what is known of them may. */
function keyOf({ checked: { number, mark, problems, notice }, day, kept }: Letter): string {
  return JSON.stringify([number, mark, problems, notice?.id, day, kept]);
}

function articleOf(letter: Letter, showing: Showing): HTMLElement {
  const article = find(clone("letter"), "article", HTMLElement);
  fillLetter(article, letter, showing);
  return article;
}

function fillLetter(article: HTMLElement, { checked, day, kept }: Letter, { style, opener }: Showing): void {
  const { mark, payload, notice, problems } = checked;
  article.dataset["from"] = payload?.author.role ?? "";
  article.dataset["mark"] = mark;
  who(slot(article, "who"), checked);
  slot(article, "day").textContent = written(day, style);
  slot(article, "mark").replaceChildren(markOf(checked, style));
  const list = slot(article, "problems");
  list.replaceChildren(...problems.map((problem) => item(clone(`problem-${problem}`))));
  show(list, problems.length > 0);
  const removes = payload?.kind === "removed";
  show(slot(article, "took"), removes);
  show(slot(article, "reason"), (notice !== undefined || removes) && (notice ?? payload)?.body !== "");
  const said = payload ?? notice;
  if (said === undefined) find(article, ".text", HTMLElement).remove();
  else fillText(article, said, style);
  const attachments = payload?.attachments ?? [];
  if (attachments.length === 0) return;
  void opener.then((found) => article.append(found === undefined ? clone("files-not-shown") : letterFiles({ attachments, kept, mark }, found)));
}

function who(place: HTMLElement, { mark, payload }: Checked): void {
  if (mark === "removed") place.replaceChildren(clone("who-removed"));
  else if (payload === undefined || mark === "failed") place.replaceChildren(clone("who-unknown"));
  else if (payload.author.role === "reporter") place.replaceChildren(clone("who-reporter"));
  else place.replaceChildren(filled("who-officer", { name: payload.author.name }));
}

function markOf({ mark, payload, notice }: Checked, style: DayStyle): DocumentFragment {
  if (notice?.author.role === "officer") return filled("mark-removed", { day: written(notice.writtenOn, style), name: notice.author.name });
  return clone(mark === "verified" ? `mark-verified-${payload?.author.role ?? "reporter"}` : `mark-${mark}`);
}

function fillText(article: HTMLElement, { subject = "", body, answers }: Payload, style: DayStyle): void {
  const heading = slot(article, "subject");
  heading.textContent = subject;
  show(heading, subject !== "");
  slot(article, "body").textContent = body;
  const list = slot(article, "answers");
  list.replaceChildren(...answers.map((item) => answer(item, style)));
  show(list, answers.length > 0);
}

/** An answer that is a day, and nothing else, is written as days are. */
function answer({ label, value }: Answer, style: DayStyle): DocumentFragment {
  return filled("answer", { label, value: written(value, style) });
}

function item(content: DocumentFragment): DocumentFragment {
  const copy = clone("item");
  find(copy, "li", HTMLElement).replaceChildren(content);
  return copy;
}
