/** What an inbox row says of its report. Every row keeps its height: a place is a still line until it holds words. */
import type { Checked } from "../core/conversation.ts";
import { fill, slots } from "../dom/templates.ts";
import { place } from "./place.ts";

/** The report that was opened: its subject and category, and a word where it does not check. */
export function showReport(row: HTMLElement, report: Checked | undefined): void {
  if (report?.payload === undefined) return showAbsent(row, report?.mark === "failed" ? "row-failed" : "row-unreadable");
  const { subject, answers } = report.payload;
  const category = answers.find(({ question }) => question === "category")?.value;
  put(row, "subject", subject, "row-no-subject");
  put(row, "category", category, "row-no-category");
  if (report.mark === "failed") place(row, "mark", "row-failed");
  row.dataset["opened"] = "";
}

/** Says why there is nothing to read. */
export function showAbsent(row: HTMLElement, template: string): void {
  place(row, "subject", template);
  // A space, because an empty place is drawn as one that is still to be filled.
  fill(row, "category", " ");
  for (const slot of slots(row, "mark")) slot.replaceChildren();
  delete row.dataset["opened"];
}

/** Takes what was opened off the row. */
export function showLocked(row: HTMLElement): void {
  showAbsent(row, "row-locked");
}

function put(row: HTMLElement, slot: string, text: string | undefined, absent: string): void {
  if (text === undefined || text.trim() === "") place(row, slot, absent);
  else fill(row, slot, text);
}
