/** What a person typed, checked before it is sealed. The rules are those of `app/services/drafts.py`. */
import { characters } from "../core/bytes.ts";
import { isDay } from "../core/day.ts";
import { limits } from "../core/limits.ts";
import { cleanLine, cleanText } from "../core/message.ts";

/** What kind of field it is. */
export type FieldKind = "line" | "body" | "text" | "one" | "several" | "date";

/** A field as it stands in the page. `typed`: one text, or the options that were chosen. */
export interface Typed {
  readonly id: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly required: boolean;
  readonly options: readonly string[];
  readonly typed: readonly string[];
}

/** What is wrong with a field; each is also the name of its sentence. */
export type Reason = "empty" | "required" | "too_long" | "not_an_option" | "not_a_date" | "holds_words";

/** A problem, with the limit where it is one of length. */
export interface DraftProblem {
  readonly field: string;
  readonly label: string;
  readonly reason: Reason;
  readonly limit?: number;
}

/** A field as it is sealed; `value` is empty where nothing was answered. */
export interface Clean {
  readonly id: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly value: string;
}

/** Whether a text holds the words of the receipt. */
export type HoldsWords = (text: string) => boolean;

interface Value {
  readonly value: string;
  readonly reason?: Reason | undefined;
  readonly limit?: number | undefined;
}

/** Every field cleaned, and the first problem of each. */
export function checkDraft(fields: readonly Typed[], holdsWords: HoldsWords): { clean: readonly Clean[]; problems: readonly DraftProblem[] } {
  const checked = fields.map((field) => ({ field, ...checkField(field, holdsWords) }));
  return {
    clean: checked.map(({ field: { id, kind, label }, value }) => ({ id, kind, label: cleanLine(label), value })),
    problems: checked.flatMap(({ field: { id, label }, reason, limit }) =>
      reason === undefined ? [] : [{ field: id, label, reason, ...(limit === undefined ? {} : { limit }) }],
    ),
  };
}

function checkField(field: Typed, holdsWords: HoldsWords): Value {
  const found = valueOf(field);
  if (found.reason !== undefined) return found;
  if (holdsWords(found.value)) return { ...found, reason: "holds_words" };
  return found.value === "" && field.required ? { ...found, reason: "required" } : found;
}

function valueOf({ kind, typed, options }: Typed): Value {
  const [first = ""] = typed;
  switch (kind) {
    case "line":
      return bounded(cleanLine(first), limits.subject_characters);
    case "body":
      return cleanText(first) === "" ? { value: "", reason: "empty" } : bounded(cleanText(first), limits.body_characters);
    case "text":
      return bounded(cleanText(first), limits.answer_characters);
    case "one":
      return first === "" || options.includes(first) ? { value: first } : { value: "", reason: "not_an_option" };
    case "several":
      return several(typed, options);
    case "date":
      return date(cleanLine(first).trim());
  }
}

function several(typed: readonly string[], options: readonly string[]): Value {
  if (!typed.every((choice) => options.includes(choice))) return { value: "", reason: "not_an_option" };
  return bounded(options.filter((option) => typed.includes(option)).join("\n"), limits.answer_characters);
}

function date(value: string): Value {
  return value === "" || isDay(value) ? { value } : { value: "", reason: "not_a_date" };
}

function bounded(value: string, limit: number): Value {
  return characters(value) > limit ? { value, reason: "too_long", limit } : { value };
}
