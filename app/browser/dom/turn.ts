/** Waiting for one's turn: where too many send at once, the server says when to come again, and the page does so by itself. */
import type { Answer } from "./network.ts";
import { prove } from "./proof.ts";
import { all, clone, find } from "./templates.ts";

/** Said in place of a proof by those who found none: the server offers no second challenge, and lets them wait like everybody. */
const unproven = "none";

/** What `inTurn` needs of the page and of time. */
export interface Surroundings {
  /** Is told whether it waits. */
  readonly say: (waits: boolean) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Answers a challenge, if it can. */
  readonly prove: (challenge: unknown) => Promise<string | undefined>;
}

const page: Surroundings = { say: sayTurn, pause: sleep, prove: (challenge) => prove(challenge) };

/**
 * Posts the same until the server has taken it or refused it for a reason of its own. Where the server offers proof of work, `post` is
 * given that for the next try, which is then made at once; where none was found it says so and waits.
 */
export async function inTurn(post: (proof?: string) => Promise<Answer>, { say, pause, prove }: Surroundings = page): Promise<Answer> {
  let proof: string | undefined;
  for (;;) {
    const answer = await post(proof);
    const again = answer.ok ? undefined : answer.again;
    say(again !== undefined);
    if (answer.ok || again === undefined) return answer;
    const found = answer.challenge === undefined ? undefined : await prove(answer.challenge);
    // A proof is good for one try. Whoever was too slow once need not work in vain again.
    proof = found ?? (answer.challenge !== undefined || proof === unproven ? unproven : undefined);
    // Not all at the same moment.
    if (found === undefined) await pause(again * 1000 * (0.5 + Math.random()));
  }
}

/** The header that carries a proof; none where there is none. */
export function proofHeader(proof: string | undefined): Readonly<Record<string, string>> {
  return proof === undefined ? {} : { "Quietline-Proof": proof };
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
