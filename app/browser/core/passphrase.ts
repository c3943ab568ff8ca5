/** A passphrase to offer an officer: words of the BIP-39 English list, 11 bits each. */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { random } from "./bytes.ts";
import { limits } from "./limits.ts";

/** Six random words joined by spaces: 66 bits, in front of which stands Argon2id. */
export function generate(count: number = limits.passphrase_words): string {
  return Array.from({ length: count }, randomWord).join(" ");
}

/** Unbiased: the list has 2048 words, which divides the 65536 values of two bytes. */
function randomWord(): string {
  const [high = 0, low = 0] = random(2);
  return wordlist[((high << 8) | low) % wordlist.length] ?? "";
}
