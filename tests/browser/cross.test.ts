/** What TypeScript has just sealed and signed, Python opens and believes; and the other way round. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { equal, fromUtf8, utf8 } from "../../app/browser/core/bytes.ts";
import * as conversation from "../../app/browser/core/conversation.ts";
import { b64uDecode, b64uEncode, newId } from "../../app/browser/core/encoding.ts";
import { type Payload, emptySeen, read, write } from "../../app/browser/core/message.ts";
import { Receipt } from "../../app/browser/core/receipt.ts";
import { SigningKey, verify } from "../../app/browser/core/signing.ts";
import { python, texts } from "./python.ts";
import { sample } from "./tools.ts";

const receipt = Receipt.generate();
const team = age.newIdentity();
const signing = SigningKey.generate();
const recipients = [age.recipientOf(team), receipt.recipient];
const channel = { recipient: recipients[0] ?? "", verify: signing.verify };

const report: Payload = {
  id: newId(),
  case: receipt.caseId,
  kind: "report",
  author: { role: "reporter" },
  sealedBy: "browser",
  writtenOn: "2026-01-31",
  seen: emptySeen,
  subject: "Grüße 🌳",
  body: 'Quotes " and \\, a tab\t, \u2028, \u007f, д, 水\nline',
  answers: [{ question: "category", label: "What is it about?", value: "Fraud" }],
  attachments: [{ id: newId(), name: "ä.pdf", type: "application/pdf", size: 2 ** 40, sha256: sample(32) }],
  replyTo: receipt.recipient,
  channel,
  readers: "team",
};

test("Python opens what TypeScript sealed", async () => {
  const data = sample(70000);
  const sealed = b64uEncode(await age.seal(data, recipients));
  for (const identity of [team, receipt.identity]) {
    assert.ok(equal(b64uDecode(texts(python("open", { identity, sealed }), "plaintext")), data));
  }
  assert.deepEqual(python("open", { identity: age.newIdentity(), sealed }), { error: "age_no_match" });
});

test("TypeScript opens what Python sealed", async () => {
  const data = sample(70000, 2);
  const sealed = b64uDecode(texts(python("seal", { recipients, plaintext: b64uEncode(data) }), "sealed"));
  for (const identity of [team, receipt.identity]) assert.ok(equal(await age.unseal(sealed, [identity]), data));
  assert.equal(age.inspect(sealed).stanzas, 2);
});

test("the same payload is the same document, to the signature", () => {
  const document = fromUtf8(write(report, receipt.signing)).trimEnd();
  const { envelope, payload } = read(utf8(document));
  assert.deepEqual(payload, report);
  const theirs = texts(python("message", { entropy: b64uEncode(receipt.entropy), payload: envelope.signed }), "document");
  assert.equal(theirs, document);
  const again = read(utf8(theirs)).envelope;
  verify(receipt.signing.verify, "quietline/message/v1", again.signed, again.signature);
});

test("both find the same in a conversation that was just written", () => {
  const officer = { role: "officer", id: newId(), name: "Ada 🌳" } as const;
  const common = { case: receipt.caseId, sealedBy: "browser", writtenOn: "2026-02-01", answers: [], attachments: [] } as const;
  const knowledge = { reporterKey: receipt.signing.verify, channelKeys: new Set([signing.verify]) };
  const listed: conversation.Listed[] = [];
  const add = (payload: Payload, key: SigningKey) => {
    listed.push({ number: listed.length + 1, id: payload.id, kind: payload.kind, document: write(payload, key) });
  };
  const seen = () => conversation.seenAfter(conversation.check(receipt.caseId, listed, knowledge));
  add(report, receipt.signing);
  add({ ...common, id: newId(), kind: "message", author: officer, seen: seen(), body: "Who signs?" }, signing);
  add({ ...common, id: newId(), kind: "message", author: { role: "reporter" }, seen: seen(), body: "B." }, receipt.signing);
  add({ ...common, id: newId(), kind: "message", author: officer, seen: emptySeen, body: "Forged." }, SigningKey.generate());
  add({ ...common, id: newId(), kind: "message", author: officer, seen: { count: 1, digest: sample(32) }, body: "Reordered." }, signing);

  const documents = Object.fromEntries(listed.map(({ number, document }) => [String(number), document && fromUtf8(document)]));
  const answer = python("check", {
    case: receipt.caseId,
    reporter_key: receipt.signing.verify,
    channel_keys: [signing.verify],
    recipients: null,
    listed: listed.map(({ number, id, kind }) => ({ number, id, kind, document: String(number) })),
    documents,
  });
  const ours = conversation.check(receipt.caseId, listed, knowledge).map(({ number, mark, problems }) => ({ number, mark, problems }));
  assert.deepEqual(answer["expected"], ours);
  assert.deepEqual(ours.map(({ mark }) => mark), ["verified", "verified", "verified", "failed", "failed"]);
});
