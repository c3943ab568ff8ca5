/** The field for the twelve words: read here, and never sent. */
import { Receipt } from "../core/receipt.ts";
import type { WordsProblem } from "../core/words.ts";
import { sentence } from "../dom/templates.ts";

/** The receipt that was typed, or the sentence that says what is wrong with it. */
export function readTyped(typed: string): Receipt | string {
  if (typed.trim() === "") return sentence("words-empty");
  const result = Receipt.read(typed);
  return result.ok ? result.receipt : problemSentence(result);
}

function problemSentence(problem: WordsProblem): string {
  switch (problem.reason) {
    case "not_on_list":
      return sentence("words-not_on_list", { parts: problem.parts.map(partText).reduce((before, part) => sentence("words-parts", { before, part })) });
    case "wrong_count":
      return sentence("words-wrong_count", { count: String(problem.count) });
    default:
      return sentence(`words-${problem.reason}`);
  }
}

function partText([position, part]: readonly [number, string]): string {
  return sentence("words-part", { number: String(position), part });
}
