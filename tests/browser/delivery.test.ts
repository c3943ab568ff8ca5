/** Sending until there is an answer: what counts as one, and what is sent again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer } from "../../app/browser/dom/network.ts";
import { textOf } from "../../app/browser/core/json.ts";
import { Delivery } from "../../app/browser/dom/delivery.ts";

const nothing: Answer = { ok: false, status: 0, code: "network" };
const stored: Answer = { ok: true, status: 200, body: { day: "2026-11-21" } };

function refused(status: number, code: string): Answer {
  return { ok: false, status, code };
}

/** A delivery that meets these answers in turn, what it posted, and how to send: every sealing is another text. */
function line(...answers: Answer[]) {
  const posted: string[] = [];
  const delivery = new Delivery(
    async (text) => (posted.push(text), answers.shift() ?? nothing),
    (body) => textOf(body, "day"),
  );
  let sealed = 0;
  return { posted, delivery, send: () => delivery.send(async () => `sealed ${++sealed}`) };
}

test("an answer of success gives what it says", async () => {
  const { delivery, send } = line(stored);
  assert.deepEqual(await send(), { kind: "stored", value: "2026-11-21" });
  assert.equal(delivery.uncertain, false);
});

test("without an answer the same text is sent again, and is locked meanwhile", async () => {
  const { posted, delivery, send } = line(nothing, nothing, stored);
  assert.deepEqual(await send(), { kind: "unknown" });
  assert.equal(delivery.uncertain, true);
  await send();
  assert.equal((await send()).kind, "stored");
  assert.deepEqual(posted, ["sealed 1", "sealed 1", "sealed 1"]);
  assert.equal(delivery.uncertain, false);
});

test("after a refusal the text may change: it is sealed anew", async () => {
  const { posted, delivery, send } = line(refused(413, "too_large"), refused(503, "storage_busy"), stored);
  assert.deepEqual(await send(), { kind: "refused", code: "too_large" });
  assert.equal(delivery.uncertain, false);
  assert.deepEqual(await send(), { kind: "refused", code: "storage_busy" });
  await send();
  assert.deepEqual(posted, ["sealed 1", "sealed 2", "sealed 3"]);
});

test("a refusal of a retry says nothing about the first try", async () => {
  const { posted, delivery, send } = line(nothing, refused(503, "storage_busy"), stored);
  await send();
  assert.equal((await send()).kind, "refused");
  assert.equal(delivery.uncertain, true);
  await send();
  assert.deepEqual(new Set(posted), new Set(["sealed 1"]));
});

test("a retry that is refused for its files was not stored before either: it is sealed anew", async () => {
  const { posted, delivery, send } = line(nothing, refused(409, "attachments"), stored);
  await send();
  assert.deepEqual(await send(), { kind: "refused", code: "attachments" });
  assert.equal(delivery.uncertain, false);
  assert.equal((await send()).kind, "stored");
  assert.deepEqual(posted, ["sealed 1", "sealed 1", "sealed 2"]);
});

test("a server that broke down, and an answer that is not whole, may have stored it", async () => {
  const doubtful: Answer[] = [refused(500, "internal"), refused(502, ""), refused(400, ""), { ok: true, status: 200, body: {} }];
  for (const answer of doubtful) {
    const { delivery, send } = line(answer);
    assert.deepEqual(await send(), { kind: "unknown" });
    assert.equal(delivery.uncertain, true);
  }
});

test("what cannot be sealed is not sent", async () => {
  const { posted, delivery } = line(stored);
  await assert.rejects(delivery.send(async () => Promise.reject(new Error("no key"))));
  assert.deepEqual(posted, []);
  assert.equal(delivery.uncertain, false);
});
