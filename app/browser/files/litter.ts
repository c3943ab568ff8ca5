/**
 * Browsers collect what is not used any more when they count much of it. Sealing and opening a long file leave many small things behind
 * that hold several times what is counted, and 50 MiB and more pile up. So something large that is counted, and whose memory nobody
 * ever touches, is thrown away on purpose now and then.
 */

const pieceLength = 4 * 1024 * 1024;
/** Calls to a piece. */
const every = 8;

let calls = 0;
// Held until the next one, since what nobody ever sees may not be made at all.
const held: { piece?: ArrayBuffer } = {};

/** To be called with every chunk. */
export function litter(): void {
  if (calls++ % every === 0) held.piece = new ArrayBuffer(pieceLength);
}
