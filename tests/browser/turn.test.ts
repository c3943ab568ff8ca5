/** Where too many send at once: the same is sent again by itself, as long as the server says when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../app/browser/dom/network.ts";
import { inTurn, proofHeader } from "../../app/browser/dom/turn.ts";

const full: Answer = { ok: false, status: 503, code: "storage_busy", again: 4 };
const busy: Answer = { ok: false, status: 503, code: "storage_busy" };
const stored: Answer = { ok: true, status: 200, body: {} };
const offered: Answer = { ...full, challenge: "challenge" };
const nothing = async () => undefined;

/** What came of it, what was said, how long was waited, and which proof each try had. `prove` finds one or none. */
async function meet(answers: Answer[], prove: (challenge: unknown) => Promise<string | undefined> = nothing) {
  const said: boolean[] = [];
  const pauses: number[] = [];
  const proofs: (string | undefined)[] = [];
  const post = async (proof?: string) => (proofs.push(proof), answers.shift() ?? stored);
  const say = (waits: boolean) => void said.push(waits);
  const answer = await inTurn(post, { say, pause: async (milliseconds) => void pauses.push(milliseconds), prove });
  return { answer, said, pauses, proofs };
}

test("it goes on until it is taken, and says that it waits", async () => {
  const { answer, said, pauses, proofs } = await meet([full, full, full, stored]);
  assert.deepEqual(answer, stored);
  assert.deepEqual(proofs, [undefined, undefined, undefined, undefined]);
  assert.deepEqual(said, [true, true, true, false]);
  assert.ok(pauses.every((pause) => pause >= 2000 && pause <= 6000));
  assert.equal(new Set(pauses).size, 3);
});

test("what was refused for another reason is not sent again", async () => {
  assert.deepEqual(await meet([busy]), { answer: busy, said: [false], pauses: [], proofs: [undefined] });
});

test("work that is offered is done at once, shown once, and asked for again where it was in vain", async () => {
  let found = 0;
  const { said, pauses, proofs } = await meet([offered, full, offered, stored], async (challenge) => `${String(challenge)} ${++found}`);
  assert.deepEqual(proofs, [undefined, "challenge 1", undefined, "challenge 2"]);
  assert.deepEqual(said, [true, true, true, false]);
  assert.equal(pauses.length, 1, "only where nothing was offered");
});

test("who finds none goes on as without, and does not work in vain again", async () => {
  let asked = 0;
  const { answer, pauses, proofs } = await meet([offered, full, full, stored], async () => void ++asked);
  assert.deepEqual(answer, stored);
  assert.deepEqual(proofs, [undefined, "none", "none", "none"]);
  assert.equal(pauses.length, 3);
  assert.equal(asked, 1);
});

test("a proof is a header, and nothing is where there is none", () => {
  assert.deepEqual(proofHeader("abc"), { "Quietline-Proof": "abc" });
  assert.deepEqual(proofHeader(undefined), {});
});
