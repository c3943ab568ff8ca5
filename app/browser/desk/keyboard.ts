/**
 * Single keys, as the help window lists them. They do nothing while somebody types, and never together with Ctrl, Alt or Meta.
 * They can be turned off there, for people who dictate or whose hand slips (WCAG 2.1.4); the browser remembers it.
 */
import { all, maybe } from "../dom/templates.ts";

const storageKey = "quietline-shortcuts";
const off = "off";

/** Key to what it does. */
export type Bindings = Readonly<Record<string, () => void>>;

/** Listens for the keys, for `?` and for Escape in a field. */
export function bind(bindings: Bindings): void {
  const help = maybe(document, "#keyboard-help", HTMLDialogElement);
  const open = () => help?.showModal();
  for (const opener of all(document, '[data-opens="keyboard-help"]', HTMLElement)) opener.addEventListener("click", open);
  for (const choice of all(document, "[data-shortcuts]", HTMLInputElement)) remembered(choice);
  const every: Bindings = { ...bindings, "?": open };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help?.open === true) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (localStorage.getItem(storageKey) === off) return;
    const action = Object.hasOwn(every, event.key) ? every[event.key] : undefined;
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
}

/** The check box that turns the keys on and off. */
function remembered(choice: HTMLInputElement): void {
  choice.checked = localStorage.getItem(storageKey) !== off;
  choice.addEventListener("change", () => {
    if (choice.checked) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, off);
  });
}

/** Moves through a list by one: marks the item that is current and gives it the focus, or gives it to what `focusable` finds in it. */
export function stepper(items: () => readonly HTMLElement[], focusable: (item: HTMLElement) => HTMLElement): (by: 1 | -1) => void {
  return (by) => {
    const shown = items();
    const at = shown.findIndex((item) => "current" in item.dataset);
    const next = shown[at === -1 ? (by === 1 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next === undefined) return;
    for (const item of shown) delete item.dataset["current"];
    next.dataset["current"] = "";
    const target = focusable(next);
    target.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
}

function isTyping(target: EventTarget | null): target is HTMLElement {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
