/** Notices when nobody has touched the desk for a while. */
import { idleAfter } from "./page.ts";
import { hear, tell } from "./tabs.ts";

const inputs = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "input"] as const;
/** How often the time is looked at, and how often other tabs hear of input. */
const rhythm = 15_000;

/** Calls `ended` once no tab of the desk has had input for `idleAfter`; again after every such pause. */
export function watch(ended: () => void): void {
  let last = Date.now();
  let told = 0;
  let over = false;

  const look = () => {
    if (over || Date.now() - last < idleAfter) return;
    over = true;
    ended();
  };
  const renew = () => {
    // A machine that slept has run no timer: the first touch after it must not count as if somebody had been here.
    look();
    last = Date.now();
    over = false;
  };
  for (const name of inputs) {
    addEventListener(
      name,
      () => {
        renew();
        if (last - told < rhythm) return;
        told = last;
        tell("input");
      },
      { capture: true, passive: true },
    );
  }
  hear("input", renew);
  document.addEventListener("visibilitychange", look);
  setInterval(look, rhythm);
}
