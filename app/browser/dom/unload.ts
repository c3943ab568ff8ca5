/** A question before the page goes and takes with it what stands nowhere else. */
import { isServerWay } from "./guarding.ts";

/** Asks before leaving while `atStake` says that something would be lost. */
export function askBeforeLeaving(page: HTMLElement, atStake: () => boolean): void {
  let handedOver = false;
  document.addEventListener("submit", (event) => (handedOver = isServerWay(event.submitter)));
  addEventListener("pageshow", () => (handedOver = false));
  addEventListener("beforeunload", (event) => {
    // Who presses "Leave this page" has been taken at their word: the page is blank by now.
    if (handedOver || !page.isConnected || !atStake()) return;
    event.preventDefault();
    event.returnValue = true;
  });
}
