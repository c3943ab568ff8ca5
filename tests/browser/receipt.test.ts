/** Receipts: what twelve words derive, and every way of typing them. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";
import { b64uDecode, b64uEncode } from "../../app/browser/core/encoding.ts";
import { Receipt, mailboxHash } from "../../app/browser/core/receipt.ts";
import { readWords, toWords } from "../../app/browser/core/words.ts";
import { coded, vectors } from "./tools.ts";

interface Derived {
  entropy: string;
  words: string[];
  identity_seed: string;
  identity: string;
  recipient: string;
  mailbox_key: string;
  mailbox_hash: string;
  signing_seed: string;
  verify: string;
  case_id: string;
}

interface Typed {
  about: string;
  typed: string;
  count: number;
  entropy?: string;
  error?: { reason: string; parts?: [number, string][]; count?: number };
}

const { receipts, typed, appears_in } = vectors<{
  receipts: Derived[];
  typed: Typed[];
  appears_in: { about: string; entropy: string; text: string; appears: boolean }[];
}>("receipts");

test("everything derives from sixteen bytes", () => {
  for (const expected of receipts) {
    const receipt = Receipt.fromEntropy(b64uDecode(expected.entropy));
    assert.deepEqual(receipt.words, expected.words);
    assert.equal(receipt.identity, expected.identity);
    assert.equal(receipt.recipient, expected.recipient);
    assert.equal(b64uEncode(receipt.mailboxKey), expected.mailbox_key);
    assert.equal(b64uEncode(mailboxHash(receipt.mailboxKey)), expected.mailbox_hash);
    assert.equal(b64uEncode(receipt.signing.seed), expected.signing_seed);
    assert.equal(receipt.signing.verify, expected.verify);
    assert.equal(receipt.caseId, expected.case_id);
  }
});

test("words are read as people type them, and refused for the reason that helps", () => {
  for (const { about, typed: text, count, entropy, error } of typed) {
    const result = readWords(text, count);
    if (result.ok) assert.equal(b64uEncode(result.entropy), entropy, about);
    else {
      const { ok, ...problem } = result;
      assert.deepEqual(problem, error, about);
      assert.equal(ok, false);
    }
    if (count === 12) assert.equal(Receipt.read(text).ok, result.ok, about);
  }
});

test("the words are found inside a text", () => {
  for (const { about, entropy, text, appears } of appears_in) {
    assert.equal(Receipt.fromEntropy(b64uDecode(entropy)).appearsIn(text), appears, about);
  }
});

test("a new receipt comes back from its own words, whole or by four letters", () => {
  for (let i = 0; i < 20; i++) {
    const receipt = Receipt.generate();
    for (const text of [receipt.words.join(" "), receipt.words.map((word) => word.slice(0, 4)).join(", ").toUpperCase()]) {
      const read = Receipt.read(text);
      assert.ok(read.ok);
      assert.deepEqual(read.receipt.entropy, receipt.entropy);
    }
  }
});

test("a receipt shows nothing when printed or serialised", () => {
  const receipt = Receipt.generate();
  assert.equal(JSON.stringify(receipt), "{}");
  assert.match(inspect(receipt, { depth: 9 }), /^_?Receipt \{\}$/);
  assert.equal(String(receipt), "[object Object]");
  receipt.entropy.fill(0);
  assert.ok(receipt.entropy.some((byte) => byte !== 0));
});

test("only sixteen bytes are a receipt, only thirty-two a mailbox key", () => {
  assert.throws(() => Receipt.fromEntropy(new Uint8Array(15)), coded("format"));
  assert.throws(() => Receipt.fromEntropy(new Uint8Array(32)), coded("format"));
  assert.throws(() => mailboxHash(new Uint8Array(31)), coded("format"));
  assert.equal(toWords(new Uint8Array(32)).length, 24);
});
