/**
 * Proof of work, where the server offers some to a report that waits in a flood (app/cli/proofs.py). Nothing needs it: a report without
 * goes on waiting as before. What is sent back is the server's own challenge and the number found, so it says nothing of the person.
 */
import { FormatError } from "../core/errors.ts";
import { sha256 } from "../core/derive.ts";
import { type Writable, asObject, choiceOf, integerOf, jsonText, objectOf, textThat } from "../core/json.ts";

/** A challenge whose answer would take longer is none: ten times what our server asks. */
const mostEver = 1_000_000;
/** Tries at a time: some 50 ms where the browser compiles no scripts, a few elsewhere. Clocks of Tor Browser are too coarse to ask. */
const slice = 500;
const patienceMilliseconds = 10_000;

interface Challenge {
  /** What is hashed: salt, nonce, and four bytes for the number. */
  readonly tried: Uint8Array;
  readonly prefix: string;
  readonly most: number;
  /** As it was given, without anything that we do not know. */
  readonly given: Writable;
}

/**
 * The text that proves the work; about a second on a cheap phone, in slices. `undefined` where that is no challenge we know, where it has no
 * answer, or where finding it takes too long.
 */
export async function prove(offered: unknown, pause = turnOfThePage, now: () => number = Date.now): Promise<string | undefined> {
  const challenge = readChallenge(offered);
  if (challenge === undefined) return undefined;
  const until = now() + patienceMilliseconds;
  for (let first = 0; first <= challenge.most && now() < until; first += slice) {
    const found = tryFrom(challenge, first, Math.min(first + slice - 1, challenge.most));
    if (found !== undefined) return btoa(jsonText({ challenge: challenge.given, solution: found }));
    await pause();
  }
  return undefined;
}

function readChallenge(offered: unknown): Challenge | undefined {
  try {
    return challengeOf(offered);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** FormatError for every other kind of challenge than our server makes. */
function challengeOf(offered: unknown): Challenge {
  const whole = asObject(offered);
  const signature = textThat(whole, "signature", isHex(64));
  const told = objectOf(whole, "parameters");
  const most = integerOf(objectOf(told, "data"), "most");
  if (most > mostEver || integerOf(told, "cost") !== 1 || integerOf(told, "keyLength") !== 32) throw new FormatError();
  const [salt, nonce, keyPrefix] = (["salt", "nonce", "keyPrefix"] as const).map((name) => textThat(told, name, isHex(32)));
  if (salt === undefined || nonce === undefined || keyPrefix === undefined) throw new FormatError();
  const algorithm = choiceOf(told, "algorithm", ["SHA-256"]);
  const parameters = { algorithm, cost: 1, keyLength: 32, keyPrefix, nonce, salt, expiresAt: integerOf(told, "expiresAt"), data: { most } };
  return { tried: unhex(`${salt}${nonce}00000000`), prefix: keyPrefix, most, given: { parameters, signature } };
}

function tryFrom({ tried, prefix }: Challenge, first: number, last: number): Writable | undefined {
  const number = new DataView(tried.buffer, tried.length - 4);
  const start = Number.parseInt(prefix.slice(0, 2), 16);
  for (let counter = first; counter <= last; counter++) {
    number.setUint32(0, counter);
    const hash = sha256(tried);
    // Most tries end at the first byte, without a text being made.
    if (hash[0] !== start) continue;
    const derivedKey = hex(hash);
    if (derivedKey.startsWith(prefix)) return { counter, derivedKey };
  }
  return undefined;
}

function isHex(length: number): (text: string) => boolean {
  return (text) => text.length === length && /^[0-9a-f]+$/.test(text);
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What the page has to do meanwhile gets its turn. */
function turnOfThePage(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
