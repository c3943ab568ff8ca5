/** Waiting for one's turn: where too many send at once, the server says when to come again, and the page does so by itself. */
import type { Answer } from "./network.ts";
import { all, clone, find } from "./templates.ts";

/** Posts the same until the server has taken it or refused it for a reason of its own. `say` is told whether it waits. */
export async function inTurn(
  post: () => Promise<Answer>,
  say: (waits: boolean) => void = sayTurn,
  pause: (milliseconds: number) => Promise<void> = sleep,
): Promise<Answer> {
  for (;;) {
    const answer = await post();
    const again = answer.ok ? undefined : answer.again;
    say(again !== undefined);
    if (again === undefined) return answer;
    // Not all at the same moment.
    await pause(again * 1000 * (0.5 + Math.random()));
  }
}

/** Beside what the page says while it sends stands then the first half of what it would say had it given up. */
function sayTurn(waits: boolean): void {
  for (const before of all(document, "[data-sending] b", HTMLElement)) before.remove();
  if (!waits) return;
  for (const place of all(document, "[data-sending]", HTMLElement)) place.append(" ", find(clone("storage_busy"), "b", HTMLElement));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
