/** What a form says while it works and when it fails: sentences that stand hidden in it. */
import { all, maybe, show, showOnly } from "../dom/templates.ts";

/** Shows what is being done, or nothing. */
export function working(scope: ParentNode, status?: string): void {
  for (const place of all(scope, "[data-working]", HTMLElement)) showOnly(place, "data-status", status);
}

/** Moves the progress bar, from 0 to 1; without a value hides it. */
export function progress(scope: ParentNode, done?: number): void {
  const bar = maybe(scope, "[data-progress]", HTMLProgressElement);
  if (bar === undefined) return;
  show(bar, done !== undefined);
  bar.value = Math.round((done ?? 0) * 100);
}

/** Shows the sentence of an error, or "other" where the code has none of its own; names and focuses the field that it is about. */
export function fail(scope: ParentNode, code: string, field?: HTMLElement): void {
  clear(scope);
  for (const place of all(scope, "[data-errors]", HTMLElement)) {
    const sentence = maybe(place, `[data-error="${CSS.escape(code)}"]`, HTMLElement) ?? maybe(place, '[data-error="other"]', HTMLElement);
    if (sentence === undefined) continue;
    show(sentence, true);
    if (field !== undefined) describe(field, sentence);
  }
  field?.focus();
}

/** Takes every error off again. */
export function clear(scope: ParentNode): void {
  for (const place of all(scope, "[data-errors]", HTMLElement)) showOnly(place, "data-error", undefined);
  for (const field of all(scope, "[aria-invalid]", HTMLElement)) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }
}

/** The control of a form with this `data-field`. */
export function control(scope: ParentNode, name: string): HTMLInputElement {
  const found = maybe(scope, `[data-field="${name}"]`, HTMLInputElement);
  if (found === undefined) throw new Error(`not in this form: ${name}`);
  return found;
}

/** Closes or opens a form to typing and sending; what stands in it stays. */
export function locked(form: ParentNode, yes: boolean): void {
  for (const field of all(form, "input:not([data-always-readonly])", HTMLInputElement)) field.readOnly = yes;
  for (const button of all(form, "button", HTMLButtonElement)) button.disabled = yes;
}

function describe(field: HTMLElement, sentence: HTMLElement): void {
  sentence.id ||= `error-${field.id}-${sentence.dataset["error"] ?? ""}`;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", sentence.id);
}
