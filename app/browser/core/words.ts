/** Reading BIP-39 words as people type them, in the same way everywhere (FORMATS.md section 4). */
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { characters } from "./bytes.ts";
import { limits } from "./limits.ts";

/** Why typed words were not accepted. Positions count from 1. Nothing but `parts` repeats what was typed. */
export type WordsProblem =
  | { readonly ok: false; readonly reason: "too_long" }
  | { readonly ok: false; readonly reason: "not_on_list"; readonly parts: readonly (readonly [position: number, part: string])[] }
  | { readonly ok: false; readonly reason: "wrong_count"; readonly count: number }
  | { readonly ok: false; readonly reason: "checksum" };

/** The entropy that the words stand for, or why they stand for none. */
export type WordsResult = { readonly ok: true; readonly entropy: Uint8Array } | WordsProblem;

const shortest = 4;

/** Words that begin with their key: the list's words are unique in their first four letters, and some have only three. */
const byStart = /* @__PURE__ */ new Map<string, string>();

/** The words of 16 (12 words) or 32 bytes (24 words) of entropy. */
export function toWords(entropy: Uint8Array): readonly string[] {
  return entropyToMnemonic(entropy, wordlist).split(" ");
}

/** What a person typed, read as `count` words. */
export function readWords(typed: string, count: number): WordsResult {
  if (characters(typed) > limits.typed_words_characters) return { ok: false, reason: "too_long" };
  const parts = fold(typed);
  const found = parts.map(wordFor);
  const unknown = parts.flatMap((part, at) => (found[at] === undefined ? [[at + 1, part] as const] : []));
  if (unknown.length > 0) return { ok: false, reason: "not_on_list", parts: unknown };
  if (found.length !== count) return { ok: false, reason: "wrong_count", count: found.length };
  try {
    return { ok: true, entropy: mnemonicToEntropy(found.join(" "), wordlist) };
  } catch {
    return { ok: false, reason: "checksum" };
  }
}

/** Whether `words` stand in `text` one after another, whatever stands between them that is not a letter. */
export function wordsInText(words: readonly string[], text: string): boolean {
  return ` ${fold(text).join(" ")} `.includes(` ${words.join(" ")} `);
}

/** The runs of letters a to z, after NFKD and lower case. */
function fold(text: string): string[] {
  return text.normalize("NFKD").toLowerCase().split(/[^a-z]+/).filter((part) => part !== "");
}

function wordFor(part: string): string | undefined {
  if (byStart.size === 0) for (const word of wordlist) byStart.set(word.slice(0, shortest), word);
  const word = byStart.get(part.slice(0, shortest));
  return word === part || part.length === shortest ? word : undefined;
}
