/** Work in small pieces, so that the page answers a key and draws between them. */

/** Milliseconds of work between two pauses: short enough for a key to be answered at once, long enough not to draw for every row. */
const piece = 30;
const { port1, port2 } = new MessageChannel();
let since = performance.now();

/** Lets the page have its turn when it has waited long enough. A message, because timers are held back to 4 ms each. */
export async function breathe(): Promise<void> {
  if (performance.now() - since < piece) return;
  await new Promise<void>((resolve) => {
    port1.addEventListener("message", () => resolve(), { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
  since = performance.now();
}
