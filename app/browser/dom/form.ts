/** Fields of a form as the templates write them: `[data-field=ID][data-kind=KIND]` around a label, a place for a problem and controls. */
import { characters } from "../core/bytes.ts";
import { limits } from "../core/limits.ts";
import type { FieldKind, Typed } from "./draft.ts";
import { choiceOf } from "./guarding.ts";
import { all, fill, find, maybe, plainText, show } from "./templates.ts";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const kinds: readonly string[] = ["line", "body", "text", "one", "several", "date"] satisfies readonly FieldKind[];
const parts = ["year", "month", "day"] as const;

/** What stands in each field, in the order of the form. Files are not text, and go another way. */
export function readFields(form: HTMLFormElement): readonly Typed[] {
  return all(form, '[data-field]:not([data-kind="files"])', HTMLElement).map(readField);
}

/** Makes a field for files hold these, and no others. */
export function putFiles(input: HTMLInputElement, files: readonly File[]): void {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
}

/** The element that holds the field with this id. */
export function fieldOf(scope: ParentNode, id: string): HTMLElement {
  return find(scope, `[data-field="${id}"]`, HTMLElement);
}

/** The controls of a field. */
export function controls(field: ParentNode): readonly Control[] {
  return all(field, "input, textarea, select", HTMLElement) as readonly Control[];
}

/** Moves to the first control of a field. */
export function focusField(scope: ParentNode, id: string): void {
  firstControl(fieldOf(scope, id))?.focus();
}

/** The first control of a field. */
export function firstControl(field: ParentNode): Control | undefined {
  return controls(field)[0];
}

/** Whether anything has been typed or chosen. */
export function holdsText(form: HTMLFormElement): boolean {
  return controls(form).some((control) => (isChoice(control) ? control.checked : control.value !== ""));
}

/** Takes everything out again. */
export function empty(form: HTMLFormElement): void {
  for (const control of controls(form)) {
    if (isChoice(control)) control.checked = false;
    else control.value = "";
  }
}

/** Lets text fields grow with their text. They never shrink, so that nothing moves under the pen. */
export function letGrow(scope: ParentNode): void {
  for (const area of all(scope, "textarea", HTMLTextAreaElement)) {
    area.addEventListener("input", () => {
      if (area.scrollHeight > area.clientHeight) area.style.blockSize = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
    });
  }
}

/** Shows how many characters are left, once that begins to matter. */
export function countNearLimit(area: HTMLTextAreaElement, place: HTMLElement): void {
  area.addEventListener("input", () => {
    const near = area.value.length >= limits.count_shown_from;
    const left = near ? limits.body_characters - characters(area.value) : 0;
    if (near) fill(place, "left", String(left));
    show(place, near);
  });
}

function readField(field: HTMLElement): Typed {
  const kind = kindOf(field);
  const label = maybe(field, "[data-label]", HTMLElement);
  return {
    id: field.dataset["field"] ?? "",
    kind,
    label: label === undefined ? "" : plainText(label),
    required: field.hasAttribute("data-required"),
    options: options(field),
    typed: kind === "date" ? [dateTyped(field)] : typed(field),
  };
}

function kindOf(field: HTMLElement): FieldKind {
  const kind = field.dataset["kind"] ?? "";
  if (!kinds.includes(kind)) throw new Error(`unknown kind of field: ${kind}`);
  return kind as FieldKind;
}

function options(field: ParentNode): readonly string[] {
  return controls(field).flatMap((control) => {
    if (control instanceof HTMLSelectElement) return [...control.options].map((option) => option.value);
    return isChoice(control) ? [choiceOf(control)] : [];
  });
}

function typed(field: ParentNode): readonly string[] {
  return controls(field).flatMap((control) => {
    if (!isChoice(control)) return [control.value];
    return control.checked ? [choiceOf(control)] : [];
  });
}

/** The three small fields as YYYY-MM-DD; empty when all are, and whatever was typed where it is no day. */
function dateTyped(field: ParentNode): string {
  const [year = "", month = "", day = ""] = parts.map((part) => find(field, `[data-part="${part}"]`, HTMLInputElement).value.trim());
  if (year === "" && month === "" && day === "") return "";
  return `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}

function isChoice(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && (control.type === "radio" || control.type === "checkbox");
}
