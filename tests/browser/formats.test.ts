/** Encodings, strict JSON, size classes, text, signatures, fingerprints: the shared vectors, and what holds for any input. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { concat, equal, fromUtf8, utf8 } from "../../app/browser/core/bytes.ts";
import { utcDay } from "../../app/browser/core/day.ts";
import { b64uDecode, b64uEncode, idDecode, idEncode, isId, newId } from "../../app/browser/core/encoding.ts";
import * as fingerprint from "../../app/browser/core/fingerprint.ts";
import { jsonText, readDocument, readText } from "../../app/browser/core/json.ts";
import { cleanLine, cleanText } from "../../app/browser/core/message.ts";
import { attachmentClass, isMessageClass, messageClass, pad } from "../../app/browser/core/padding.ts";
import { SigningKey, envelopeRead, envelopeWrite, verify } from "../../app/browser/core/signing.ts";
import { coded, sample, vectors } from "./tools.ts";

interface About {
  readonly about: string;
}

const encodings = vectors<{
  b64u: { bytes: number[]; text: string }[];
  b64u_refused: string[];
  ids: string[];
  ids_refused: string[];
  identities: { seed: string; identity: string; recipient: string }[];
  recipients_refused: (About & { text: string })[];
  identities_refused: (About & { text: string })[];
}>("encodings");

test("b64u is canonical both ways", () => {
  for (const { bytes, text } of encodings.b64u) {
    assert.equal(b64uEncode(Uint8Array.from(bytes)), text);
    assert.deepEqual([...b64uDecode(text, bytes.length)], bytes);
    assert.throws(() => b64uDecode(text, bytes.length + 1), coded("format"));
  }
  for (const text of encodings.b64u_refused) assert.throws(() => b64uDecode(text), coded("format"), text);
});

test("ids have one written form", () => {
  for (const id of [...encodings.ids, newId()]) assert.equal(idEncode(idDecode(id)), id);
  for (const id of encodings.ids_refused) assert.equal(isId(id), false, id);
  assert.throws(() => idEncode(new Uint8Array(15)), coded("format"));
});

test("identities and recipients are those of their seed, and nothing else is one", () => {
  for (const { seed, identity, recipient } of encodings.identities) {
    assert.equal(age.identityFromSeed(b64uDecode(seed)), identity);
    assert.equal(b64uEncode(age.seedOf(identity)), seed);
    assert.equal(age.recipientOf(identity), recipient);
    assert.ok(age.isIdentity(identity) && age.isRecipient(recipient));
  }
  for (const { about, text } of encodings.recipients_refused) assert.equal(age.isRecipient(text), false, about);
  for (const { about, text } of encodings.identities_refused) {
    assert.equal(age.isIdentity(text), false, about);
    assert.throws(() => age.recipientOf(text), coded("age_recipient"), about);
  }
});

const json = vectors<{
  texts: (About & { text: string; ok: boolean })[];
  documents: (About & { bytes: string; spaces: number; ok: boolean })[];
}>("json");

test("JSON texts are read strictly", () => {
  for (const { about, text, ok } of json.texts) {
    if (ok) assert.doesNotThrow(() => readText(text), about);
    else assert.throws(() => readText(text), coded("format"), about);
  }
});

test("documents are bounded UTF-8", () => {
  for (const { about, bytes, spaces, ok } of json.documents) {
    const document = concat(b64uDecode(bytes), new Uint8Array(spaces).fill(0x20));
    if (ok) assert.doesNotThrow(() => readDocument(document), about);
    else assert.throws(() => readDocument(document), coded("format"), about);
  }
});

test("JSON is written compact, in order, and without lone surrogates", () => {
  const text = jsonText({ b: "é\ud800🌳", a: [1, null, true], gone: undefined, c: { d: "\u2028\"" } });
  assert.equal(text, '{"b":"é\ufffd🌳","a":[1,null,true],"c":{"d":"\u2028\\""}}');
});

const padding = vectors<{
  message: { length: number; class: number | null }[];
  attachment: { length: number; class: number | null }[];
  is_message_class: { length: number; is: boolean }[];
}>("padding");

test("size classes", () => {
  for (const { length, class: size } of padding.message) {
    if (size === null) assert.throws(() => messageClass(length), coded("size_class"), String(length));
    else assert.equal(messageClass(length), size, String(length));
  }
  for (const { length, class: size } of padding.attachment) assert.equal(attachmentClass(length), size, String(length));
  for (const { length, is } of padding.is_message_class) assert.equal(isMessageClass(length), is, String(length));
  assert.throws(() => messageClass(-1), coded("size_class"));
  assert.throws(() => pad(new Uint8Array(1048577)), coded("size_class"));
});

test("a padded document is its bytes and spaces, and its length is a class of itself", () => {
  for (let length = 1; length < 1048577; length = Math.ceil(length * 1.37) + 1) {
    const document = sample(length);
    const padded = pad(document);
    assert.ok(isMessageClass(padded.length));
    assert.ok(equal(padded.subarray(0, length), document));
    assert.ok(padded.subarray(length).every((byte) => byte === 0x20));
    // Padme costs at most 12 % above the smallest class.
    assert.ok(padded.length <= Math.max(4096, length * 1.12));
  }
});

const text = vectors<{ text: (About & { typed: string; clean: string })[]; line: (About & { typed: string; clean: string })[] }>("text");

test("text from a form is cleaned, once and for all", () => {
  for (const { about, typed, clean } of text.text) {
    assert.equal(cleanText(typed), clean, about);
    assert.equal(cleanText(clean), clean, about);
  }
  for (const { about, typed, clean } of text.line) {
    assert.equal(cleanLine(typed), clean, about);
    assert.equal(cleanLine(clean), clean, about);
  }
});

test("cleaning a text that is mostly spaces takes no time", () => {
  const typed = `${" ".repeat(99_999)}x`;
  const started = performance.now();
  assert.equal(cleanText(typed), typed);
  assert.ok(performance.now() - started < 500);
});

const signing = vectors<{
  signatures: { seed: string; verify: string; context: string; text: string; signature: string; envelope: string }[];
  refused: (About & { verify: string; context: string; text: string; signature: string })[];
  envelopes_refused: (About & { document: string })[];
}>("signing");

test("signatures and envelopes are the same bytes in both languages", () => {
  for (const { seed, verify: key, context, text: signed, signature, envelope } of signing.signatures) {
    const signer = SigningKey.fromSeed(b64uDecode(seed));
    assert.equal(signer.verify, key);
    assert.equal(b64uEncode(signer.sign(context, signed)), signature);
    assert.equal(fromUtf8(envelopeWrite(context, signed, signer)), envelope);
    const read = envelopeRead(utf8(envelope));
    assert.deepEqual([read.signed, read.key, b64uEncode(read.signature)], [signed, key, signature]);
    verify(key, context, signed, read.signature);
  }
});

test("what was not signed does not verify", () => {
  for (const { about, verify: key, context, text: signed, signature } of signing.refused) {
    assert.throws(() => verify(key, context, signed, b64uDecode(signature)), coded("signature"), about);
  }
  assert.throws(() => verify("x", "c", "t", new Uint8Array(64)), coded("signature"));
  assert.throws(() => verify(SigningKey.generate().verify, "c", "t", new Uint8Array(63)), coded("signature"));
  for (const { about, document } of signing.envelopes_refused) assert.throws(() => envelopeRead(utf8(document)), coded("format"), about);
});

test("a signing key does not show its seed when printed or serialised", () => {
  const key = SigningKey.generate();
  assert.equal(JSON.stringify(key), JSON.stringify({ verify: key.verify }));
  key.seed.fill(0);
  assert.equal(SigningKey.fromSeed(key.seed).verify, key.verify);
});

const prints = vectors<{
  channel: { recipient: string; verify: string; fingerprint: string }[];
  officer: { recipient: string; verify: string; fingerprint: string }[];
  recovery: { recipient: string; fingerprint: string }[];
  same: { a: string; b: string; same: boolean }[];
}>("fingerprints");

test("fingerprints", () => {
  for (const { recipient, verify: key, fingerprint: print } of prints.channel) assert.equal(fingerprint.channel(recipient, key), print);
  for (const { recipient, verify: key, fingerprint: print } of prints.officer) assert.equal(fingerprint.officer(recipient, key), print);
  for (const { recipient, fingerprint: print } of prints.recovery) assert.equal(fingerprint.recovery(recipient), print);
  for (const { a, b, same } of prints.same) assert.equal(fingerprint.same(a, b), same, b);
});

test("a day is the UTC one", () => {
  assert.equal(utcDay(new Date("2026-01-31T23:59:59-05:00")), "2026-02-01");
  assert.match(utcDay(), /^\d{4}-\d{2}-\d{2}$/);
});
