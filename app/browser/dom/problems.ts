/** What is wrong with what was typed: at each field, and in a summary that leads there. */
import type { DraftProblem } from "./draft.ts";
import { controls, fieldOf, firstControl, focusField } from "./form.ts";
import { all, clone, find, maybe, sentence, show, slot } from "./templates.ts";

/** A field's id and the sentence about it. */
export type Problem = readonly [field: string, sentence: string];

/** The sentences of a draft's problems. */
export function draftSentences(problems: readonly DraftProblem[]): readonly Problem[] {
  return problems.map(({ field, label, reason, limit }) => [field, sentence(reason, { label, limit: String(limit ?? "") })]);
}

/** Shows these problems and no others inside `scope`, and moves there: to the field where it is one, else to the summary. */
export function showProblems(scope: ParentNode, problems: readonly Problem[]): void {
  clearProblems(scope);
  for (const [id, text] of problems) mark(fieldOf(scope, id), text);
  const summary = maybe(scope, "[data-summary]", HTMLElement);
  if (summary !== undefined && problems.length > 0) summarise(scope, summary, problems);
  const [first] = problems;
  if (summary !== undefined && problems.length > 1) summary.focus();
  else if (first !== undefined) focusField(scope, first[0]);
}

/** Marks one field with a sentence. */
export function mark(field: HTMLElement, text: string): void {
  const place = find(field, "[data-problem]", HTMLElement);
  place.textContent = text;
  show(place);
  field.setAttribute("data-bad", "");
  for (const control of controls(field)) control.setAttribute("aria-invalid", "true");
}

/** Takes every problem off again, with its sentence: fields are described by that place even while it is hidden. */
export function clearProblems(scope: ParentNode): void {
  for (const field of all(scope, "[data-field][data-bad]", HTMLElement)) {
    field.removeAttribute("data-bad");
    const place = find(field, "[data-problem]", HTMLElement);
    place.textContent = "";
    show(place, false);
    for (const control of controls(field)) control.removeAttribute("aria-invalid");
  }
  const summary = maybe(scope, "[data-summary]", HTMLElement);
  if (summary !== undefined) show(summary, false);
}

function summarise(scope: ParentNode, summary: HTMLElement, problems: readonly Problem[]): void {
  slot(summary, "problems").replaceChildren(...problems.map(([id, text]) => entry(scope, id, text)));
  show(summary);
}

function entry(scope: ParentNode, id: string, text: string): DocumentFragment {
  const item = clone("problem");
  const link = find(item, "a", HTMLAnchorElement);
  link.href = `#${id}`;
  link.textContent = text;
  link.addEventListener("click", (event) => {
    // Following the link would make an entry in the history, between the steps.
    event.preventDefault();
    firstControl(fieldOf(scope, id))?.focus();
  });
  return item;
}
