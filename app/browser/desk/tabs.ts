/** Between the tabs of one desk: input in one keeps the others open, and locking one locks all. Nothing is stored for it. */

/** What one tab tells the others. */
export type Word = "input" | "locked";

const channel = new BroadcastChannel("quietline-desk");

/** Tells the other tabs. */
export function tell(word: Word): void {
  channel.postMessage(word);
}

/** Hears the other tabs. */
export function hear(word: Word, heard: () => void): void {
  channel.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (event.data === word) heard();
  });
}
