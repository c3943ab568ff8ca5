/** The quiet line that says which way is in force. */

/** What the line says: not known yet, in this browser, or that the script could not start. */
export type Way = "preparing" | "browser" | "failed";

/** Shows one of the line's states. Where the browser's way failed, the choice of the server's is laid open. */
export function setWay(way: Way): void {
  for (const state of document.querySelectorAll<HTMLElement>("#way [data-state]")) state.hidden = state.dataset["state"] !== way;
  if (way !== "failed") return;
  for (const choice of document.querySelectorAll<HTMLDetailsElement>("details[data-other-way]")) choice.open = true;
}
