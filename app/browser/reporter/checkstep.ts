/** "Check what you wrote": every field once more, as text. */
import { type DayStyle, written } from "../dom/days.ts";
import type { Clean } from "../dom/draft.ts";
import { clone, find } from "../dom/templates.ts";
import { fillOrNothing } from "./sending.ts";

/** A row for each field; `change` is called with the id of the field whose button is pressed. */
export function checkRows(fields: readonly Clean[], style: DayStyle, change: (id: string) => void): readonly DocumentFragment[] {
  return fields.map(({ id, kind, label, value }) => {
    const row = clone("row");
    find(row, "[data-row]", HTMLElement).dataset["row"] = id;
    fillOrNothing(row, { label, name: label, value: kind === "date" ? written(value, style) : value }, value === "");
    find(row, "[data-change]", HTMLButtonElement).addEventListener("click", () => change(id));
    return row;
  });
}
