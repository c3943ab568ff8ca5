/** Proof of work: what is found, what is sent of it, and what is no challenge. The other side's judgement of it is tests/flows' and Python's. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { prove } from "../../app/browser/dom/proof.ts";
import { getJson } from "../../app/browser/dom/network.ts";

const salt = "00112233445566778899aabbccddeeff";
const nonce = "f0e0d0c0b0a090807060504030201000";

function hashOf(counter: number): string {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(counter);
  return createHash("sha256").update(Buffer.from(salt + nonce, "hex")).update(number).digest("hex");
}

/** A challenge whose answer is `counter`, as the server makes it, with changes. */
function challenge(counter: number, changed: Record<string, unknown> = {}, signature: unknown = "ab".repeat(32)) {
  const keyPrefix = hashOf(counter).slice(0, 32);
  const parameters = { algorithm: "SHA-256", cost: 1, keyLength: 32, keyPrefix, nonce, salt, expiresAt: 1795329000, data: { most: 3000 } };
  return { parameters: { ...parameters, ...changed }, signature };
}

const unpaused = async () => undefined;

for (const counter of [0, 1, 499, 500, 2999, 3000]) {
  test(`the number ${counter} is found, and goes back with the challenge and nothing else`, async () => {
    const asked = challenge(counter);
    const proof = await prove(asked, unpaused);
    assert.ok(proof !== undefined && proof.length < 1024);
    const sent: unknown = JSON.parse(Buffer.from(proof, "base64").toString());
    assert.deepEqual(sent, { challenge: asked, solution: { counter, derivedKey: hashOf(counter) } });
  });
}

const others: readonly (readonly [string, unknown])[] = [
  ["nothing", undefined],
  ["null", null],
  ["a text", "SHA-256"],
  ["a list", []],
  ["an empty object", {}],
  ["another function", challenge(1, { algorithm: "PBKDF2/SHA-256" })],
  ["more rounds", challenge(1, { cost: 2 })],
  ["no round", challenge(1, { cost: 0 })],
  ["another length", challenge(1, { keyLength: 64 })],
  ["a start that everything has", challenge(1, { keyPrefix: "" })],
  ["a shorter start", challenge(1, { keyPrefix: hashOf(1).slice(0, 2) })],
  ["other letters", challenge(1, { nonce: "g".repeat(32) })],
  ["upper case", challenge(1, { salt: salt.toUpperCase() })],
  ["a text for a number", challenge(1, { data: { most: "3000" } })],
  ["no end", challenge(1, { data: {} })],
  ["too far an end", challenge(1, { data: { most: 1_000_001 } })],
  ["no time", challenge(1, { expiresAt: "soon" })],
  ["no signature", challenge(1, {}, null)],
  ["a short signature", challenge(1, {}, "ab")],
  ["an older protocol", { algorithm: "SHA-256", challenge: "ab".repeat(32), maxNumber: 9, salt: "ab", signature: "ab".repeat(32) }],
];

for (const [name, offered] of others) {
  test(`no challenge: ${name}`, async () => assert.equal(await prove(offered, unpaused), undefined));
}

test("what is beside the known goes back to nobody", async () => {
  const proof = await prove(challenge(7, { data: { most: 10, mark: 5 }, more: "mark" }), unpaused);
  assert.ok(proof !== undefined && !Buffer.from(proof, "base64").toString().includes("mark"));
});

test("the page has its turn in between, and what takes too long is given up", async () => {
  let turns = 0;
  const pause = async () => void ++turns;
  assert.equal(await prove(challenge(3001), pause), undefined, "there is no answer up to the end");
  assert.equal(turns, 7);
  let clock = 0;
  assert.equal(await prove(challenge(3000), pause, () => (clock += 4000)), undefined);
  assert.equal(turns, 9);
});

test("the challenge of an answer is read only beside the word to come again", async (t) => {
  const given = challenge(1);
  const answers = [
    new Response(JSON.stringify({ error: "storage_busy", challenge: given }), { status: 503, headers: { "Retry-After": "4" } }),
    new Response(JSON.stringify({ error: "storage_busy", challenge: given }), { status: 503 }),
  ];
  t.mock.method(globalThis, "fetch", async () => answers.shift());
  const first = await getJson("/");
  assert.deepEqual(first, { ok: false, status: 503, code: "storage_busy", again: 4, challenge: given });
  assert.deepEqual(await getJson("/"), { ok: false, status: 503, code: "storage_busy" });
});
