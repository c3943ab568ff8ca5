/**
 * Stands before the form, as a classic script that blocks parsing: whatever happens to the other scripts, nothing that is typed
 * can be posted, unless the person chooses the server's way.
 *
 * Fields lose their names as they are parsed, so a form that was submitted all the same would carry nothing.
 */
import { isServerWay, readyEvent } from "../dom/guarding.ts";
import { setWay } from "../dom/way.ts";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** Longer than a slow circuit of Tor Browser takes for the page script. One that comes later is still let in. */
const patience = 30_000;

const groups = new Map<string, string>();
let taken = false;
let givenUp = false;
let early: HTMLFormElement | undefined;

function guardedControls(form: HTMLFormElement): readonly Control[] {
  return [...form.querySelectorAll<Control>("input, textarea, select")];
}

function takeName(control: Control): void {
  const { name } = control;
  if (name === "" || control.dataset["name"] !== undefined) return;
  control.dataset["name"] = name;
  if (control instanceof HTMLInputElement && control.type === "radio") neutralise(control, name);
  else control.removeAttribute("name");
}

/** Radio buttons need a name to be one group: they get one that says nothing, and their value is put aside instead. */
function neutralise(radio: HTMLInputElement, name: string): void {
  const group = groups.get(name) ?? `group-${groups.size + 1}`;
  groups.set(name, group);
  radio.dataset["value"] = radio.value;
  radio.removeAttribute("value");
  radio.name = group;
}

function takeNames(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-guarded]")) guardedControls(form).forEach(takeName);
}

function giveNames(form: HTMLFormElement): void {
  for (const control of guardedControls(form)) {
    const { name, value } = control.dataset;
    if (name !== undefined) control.name = name;
    if (value !== undefined) control.setAttribute("value", value);
    delete control.dataset["name"];
    delete control.dataset["value"];
  }
}

function stop(event: SubmitEvent): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-guarded")) return;
  if (isServerWay(event.submitter)) {
    giveNames(form);
    return;
  }
  event.preventDefault();
  if (taken) return;
  event.stopImmediatePropagation();
  early = form;
  if (givenUp) form.querySelector<HTMLElement>("[data-other-way] summary")?.focus();
}

/** A press that came too early counts once the page script is there, unless the person has gone on typing. */
function letIn(): void {
  taken = true;
  early?.requestSubmit();
  early = undefined;
}

function giveUp(): void {
  if (taken) return;
  givenUp = true;
  setWay("failed");
}

document.addEventListener("submit", stop, true);
document.addEventListener("input", () => (early = undefined), true);
document.addEventListener(readyEvent, letIn);
// Deferred scripts have run by then, or never will.
document.addEventListener("DOMContentLoaded", giveUp);
setTimeout(giveUp, patience);
// Back from the server's way, a browser may show this very page again, with the names in place.
addEventListener("pageshow", takeNames);
new MutationObserver(takeNames).observe(document, { childList: true, subtree: true });
