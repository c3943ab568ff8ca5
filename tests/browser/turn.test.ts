/** Where too many send at once: the same is sent again by itself, as long as the server says when. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../app/browser/dom/network.ts";
import { inTurn } from "../../app/browser/dom/turn.ts";

const full: Answer = { ok: false, status: 503, code: "storage_busy", again: 4 };
const busy: Answer = { ok: false, status: 503, code: "storage_busy" };
const stored: Answer = { ok: true, status: 200, body: {} };

/** What came of it, what was said, and how long was waited. */
async function meet(...answers: Answer[]) {
  const said: boolean[] = [];
  const pauses: number[] = [];
  let posts = 0;
  const post = async () => (++posts, answers.shift() ?? stored);
  const answer = await inTurn(post, (waits) => said.push(waits), async (milliseconds) => void pauses.push(milliseconds));
  return { answer, said, pauses, posts };
}

test("it goes on until it is taken, and says that it waits", async () => {
  const { answer, said, pauses, posts } = await meet(full, full, full, stored);
  assert.deepEqual(answer, stored);
  assert.equal(posts, 4);
  assert.deepEqual(said, [true, true, true, false]);
  assert.ok(pauses.every((pause) => pause >= 2000 && pause <= 6000));
  assert.equal(new Set(pauses).size, 3);
});

test("what was refused for another reason is not sent again", async () => {
  assert.deepEqual(await meet(busy), { answer: busy, said: [false], pauses: [], posts: 1 });
});
