/** The receipt on the page: twelve words, what happens next, and the check of two of them; then nothing of it any more. */
import { isDay } from "../core/day.ts";
import { FormatError } from "../core/errors.ts";
import { type JsonObject, textThat } from "../core/json.ts";
import { type DayStyle, written } from "../dom/days.ts";
import { empty, fieldOf, focusField } from "../dom/form.ts";
import { onSubmit } from "../dom/guarding.ts";
import { clearProblems, mark } from "../dom/problems.ts";
import { fill, find, sentence, slot } from "../dom/templates.ts";
import { wordItems } from "./sending.ts";
import { drawTwo, fits } from "./twowords.ts";

const dayNames = ["received_on", "acknowledge_by", "feedback_by"] as const;
const fields = ["word-first", "word-second"] as const;

/** The three days that the server's answer names. */
export type Days = Readonly<Record<(typeof dayNames)[number], string>>;

/** The days in the server's answer; FormatError when one is missing, so that no receipt is shown on a doubtful answer. */
export function readDays(body: JsonObject): Days {
  const [received_on, acknowledge_by, feedback_by] = dayNames.map((name) => textThat(body, name, isDay));
  if (received_on === undefined || acknowledge_by === undefined || feedback_by === undefined) throw new FormatError();
  return { received_on, acknowledge_by, feedback_by };
}

/** Fills the receipt step; `checked` is called once both words are right, with the words gone from the page. */
export function showReceipt(words: readonly string[], days: Days, style: DayStyle, checked: () => void): void {
  const section = find(document, '[data-step="receipt"]', HTMLElement);
  const form = find(section, "#two-words", HTMLFormElement);
  const list = slot(section, "words");
  const numbers = drawTwo(words.length);
  list.replaceChildren(...wordItems(words));
  for (const name of dayNames) fill(document, name, written(days[name], style));
  fill(form, "first", String(numbers[0]));
  fill(form, "second", String(numbers[1]));
  onSubmit(form, () => {
    if (!rightWords(form, words, numbers)) return;
    list.replaceChildren();
    empty(form);
    checked();
  });
}

function rightWords(form: HTMLFormElement, words: readonly string[], numbers: readonly number[]): boolean {
  clearProblems(form);
  const wrong = fields.filter((id, at) => !fits(find(form, `#${id}`, HTMLInputElement).value, words[(numbers[at] ?? 0) - 1] ?? ""));
  for (const id of wrong) mark(fieldOf(form, id), sentence("not-this-word", { number: String(numbers[fields.indexOf(id)]) }));
  const [first] = wrong;
  if (first !== undefined) focusField(form, first);
  return first === undefined;
}
