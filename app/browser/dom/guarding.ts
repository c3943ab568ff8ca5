/** Between the guard, which stops every submit of a guarded form, and the page script that takes over from it. */
import { setWay } from "./way.ts";

/** Told to the document by a page script that is ready. */
export const readyEvent = "quietline:ready";

/** Whether the person chose, with this button, to let the server do it. */
export function isServerWay(submitter: HTMLElement | null): boolean {
  return submitter?.hasAttribute("data-server-way") ?? false;
}

/** Calls `act` in place of a submit, but for the server's way. Stands by itself too, where the guard did not load. */
export function onSubmit(form: HTMLFormElement, act: () => void): void {
  form.addEventListener("submit", (event) => {
    if (isServerWay(event.submitter)) return;
    event.preventDefault();
    act();
  });
}

/** A choice of a radio button or check box: the guard has put it where no submit finds it. */
export function choiceOf(control: HTMLInputElement): string {
  return control.dataset["value"] ?? control.value;
}

/** Runs `start`; then says that the page works in the browser, or, when `start` throws, that it does not. */
export function takeOver(start: () => void): void {
  try {
    start();
  } catch {
    setWay("failed");
    return;
  }
  setWay("browser");
  document.dispatchEvent(new Event(readyEvent));
}
