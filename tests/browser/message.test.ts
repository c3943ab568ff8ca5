/** Messages: the bytes written, and every way a payload can be wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../../app/browser/core/bytes.ts";
import { b64uDecode, newId } from "../../app/browser/core/encoding.ts";
import { type Payload, emptySeen, payloadRead, read, write } from "../../app/browser/core/message.ts";
import { Receipt } from "../../app/browser/core/receipt.ts";
import { SigningKey, verify } from "../../app/browser/core/signing.ts";
import { coded, padded, vectors } from "./tools.ts";

const messages = vectors<{
  documents: { seed: string; document: string; length: number }[];
  payloads: { about: string; text: string; ok: boolean }[];
  repeated: { text: string; character: string; times: number; ok: boolean }[];
  documents_refused: { about: string; document: string }[];
}>("messages");

/** A wrong recipient has its own code; it is a format error all the same. */
const refused = (error: { code: string }) => error.code === "format" || error.code === "age_recipient";

function note(changes: Partial<Payload> = {}): Payload {
  return {
    id: newId(),
    case: newId(),
    kind: "note",
    author: { role: "officer", id: newId(), name: "Ada" },
    sealedBy: "browser",
    writtenOn: "2026-01-31",
    seen: emptySeen,
    body: "x",
    answers: [],
    attachments: [],
    ...changes,
  };
}

test("documents are read, and written again to the same bytes", () => {
  for (const { seed, document, length } of messages.documents) {
    const { envelope, payload } = read(utf8(padded(document, length)));
    assert.ok(fromUtf8(write(payload, SigningKey.fromSeed(b64uDecode(seed)))) === padded(document, length));
    verify(envelope.key, "quietline/message/v1", envelope.signed, envelope.signature);
  }
});

test("payloads are accepted and refused alike in both languages", () => {
  for (const { about, text, ok } of messages.payloads) {
    if (ok) assert.doesNotThrow(() => payloadRead(text), about);
    else assert.throws(() => payloadRead(text), refused, about);
  }
  for (const { text, character, times, ok } of messages.repeated) {
    const whole = text.replace("@@", character.repeat(times));
    if (ok) assert.doesNotThrow(() => payloadRead(whole));
    else assert.throws(() => payloadRead(whole), coded("format"));
  }
  for (const { about, document } of messages.documents_refused) assert.throws(() => read(utf8(document)), coded("format"), about);
});

test("a writer refuses what a reader would, and what does not fit", () => {
  const key = SigningKey.generate();
  assert.doesNotThrow(() => write(note(), key));
  const answer = { question: "category", label: "Category", value: "Theft" };
  for (const changes of [
    { id: "x" },
    { writtenOn: "2026-02-30" },
    { answers: [answer] },
    { body: "x".repeat(100_001) },
    { subject: "x".repeat(121) },
    { kind: "report" as const },
    { author: { role: "officer" as const, id: newId(), name: "" } },
    { seen: { count: -1, digest: emptySeen.digest } },
    { seen: { count: 0.5, digest: emptySeen.digest } },
    { seen: { count: 0, digest: new Uint8Array(31) } },
  ]) {
    assert.throws(() => write(note(changes), key), coded("format"), JSON.stringify(changes).slice(0, 60));
  }
  const heavy = Array.from({ length: 20 }, () => ({ ...answer, value: "\u0001".repeat(4000) }));
  const receipt = Receipt.generate();
  const report = { kind: "report", author: { role: "reporter" }, replyTo: receipt.recipient, readers: "team" } as const;
  const channel = { recipient: receipt.recipient, verify: key.verify };
  const largest = note({ ...report, channel, body: "\u0001".repeat(100_000), answers: heavy });
  assert.throws(() => write(largest, key), coded("size_class"));
});

test("an empty subject is left out, a lone surrogate replaced", () => {
  const { payload } = read(write(note({ subject: "", body: "a\ud800b" }), SigningKey.generate()));
  assert.equal(payload.subject, undefined);
  assert.equal(payload.body, "a\ufffdb");
});
