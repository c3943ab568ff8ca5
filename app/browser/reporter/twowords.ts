/** The check of two words out of twelve, against what was written on paper. */

const bytesInAll = 256;

/** Two different numbers from 1 to `count` (at most 256), in order, drawn from the browser's CSPRNG. */
export function drawTwo(count: number): readonly [number, number] {
  const first = draw(count);
  for (;;) {
    const second = draw(count);
    if (second !== first) return [Math.min(first, second), Math.max(first, second)];
  }
}

/** Whether what was typed is this word, or its first four letters. */
export function fits(typed: string, word: string): boolean {
  const folded = typed.trim().toLowerCase();
  return folded === word || folded === word.slice(0, 4);
}

/** A byte beyond the last whole multiple of `count` is thrown away: every number is as likely. */
function draw(count: number): number {
  for (;;) {
    const [byte = bytesInAll] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < bytesInAll - (bytesInAll % count)) return (byte % count) + 1;
  }
}
