/** Where the case stands: its state, and its days on a line. */
import { type DayStyle, written } from "../dom/days.ts";
import { all, clone, fill, hasTemplate, show, slot } from "../dom/templates.ts";
import type { Mailbox } from "./mailbox.ts";

/** Fills the state and the line of days. */
export function showState(section: HTMLElement, { channel, state, outcome, days }: Mailbox, style: DayStyle): void {
  fill(section, "channel", channel);
  sentenceOf(slot(section, "state"), `state-${state}`);
  sentenceOf(slot(section, "outcome"), `outcome-${outcome}`);
  for (const [name, day] of Object.entries(days)) fill(section, name, written(day, style));
  // A case that was closed at once is not confirmed any more.
  const confirmed = days.acknowledged_on ? ["acknowledged"] : days.closed_on ? [] : ["acknowledge"];
  const shown = new Set(["received", ...confirmed, days.closed_on ? "closed" : "feedback"]);
  for (const entry of all(section, "[data-when]", HTMLElement)) show(entry, shown.has(entry.dataset["when"] ?? ""));
}

function sentenceOf(place: HTMLElement, name: string): void {
  place.replaceChildren(...(hasTemplate(name) ? [clone(name)] : []));
}
