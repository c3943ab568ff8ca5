/** What a page says while it sends, and when that did not work. */
import type { Outcome } from "../dom/delivery.ts";
import { all, clone, fillAll, find, hasTemplate, maybe, show, slots } from "../dom/templates.ts";

/** Codes that have a sentence of their own on some page. Any other is "refused". */
const told: readonly string[] = ["storage_busy", "conflict", "withdrawn", "channel_not_open", "too_large", "attachments"];

/** The name of the sentence about an outcome that is no success. */
export function sentenceFor(outcome: Exclude<Outcome<unknown>, { kind: "stored" }>): string {
  if (outcome.kind === "unknown") return "network";
  return told.includes(outcome.code) && hasTemplate(outcome.code) ? outcome.code : "refused";
}

/** Shows a sentence where `scope` has its place for errors, and moves there; without a name takes it away. */
export function sayError(scope: ParentNode, name?: string, words: readonly string[] = []): void {
  const place = find(scope, "[data-error-place]", HTMLElement);
  show(place, name !== undefined);
  place.replaceChildren(...(name === undefined ? [] : [clone(name)]));
  for (const list of slots(place, "words")) list.replaceChildren(...wordItems(words));
  if (name === undefined) return;
  place.tabIndex = -1;
  place.focus();
}

/** Shows that something is on its way. The button stays where it is and keeps the focus, but does nothing. */
export function sayBusy(scope: ParentNode, button: HTMLElement, busy: boolean): void {
  show(find(scope, "[data-sending]", HTMLElement), busy);
  button.setAttribute("aria-disabled", String(busy));
}

/** The items of a list of words. */
export function wordItems(words: readonly string[]): readonly DocumentFragment[] {
  return words.map((word) => {
    const item = clone("word");
    find(item, "li", HTMLElement).textContent = word;
    return item;
  });
}

/** Puts text into slots, and shows the elements that say when nothing is there. */
export function fillOrNothing(scope: ParentNode, values: Readonly<Record<string, string>>, empty: boolean): void {
  fillAll(scope, values);
  const nothing = maybe(scope, '[data-slot="nothing"]', HTMLElement);
  if (nothing !== undefined) show(nothing, empty);
}

/** Closes buttons while something is on its way, and takes them off the page where they cannot be used any more. */
export function offer(scope: ParentNode, selector: string, state: { readonly busy: boolean; readonly gone: boolean }): void {
  for (const button of all(scope, selector, HTMLButtonElement)) {
    button.disabled = state.busy;
    show(button, !state.gone);
  }
}
