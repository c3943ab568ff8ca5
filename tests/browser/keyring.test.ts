/** Keyrings, identity files, and what a tab keeps: shared vectors and round trips. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { fromUtf8, random, utf8 } from "../../app/browser/core/bytes.ts";
import { b64uDecode, b64uEncode, newId } from "../../app/browser/core/encoding.ts";
import * as identityFile from "../../app/browser/core/identity.ts";
import * as keyring from "../../app/browser/core/keyring.ts";
import { SigningKey } from "../../app/browser/core/signing.ts";
import * as tab from "../../app/browser/core/tab.ts";
import { coded, padded, vectors } from "./tools.ts";

const { keyring: written, read, identity_file: identityVector, identity_files_refused: refused } = vectors<{
  keyring: { document: string; length: number; verify: string; recipient: string; verify_keys: string[]; recipients: string[] };
  read: { about: string; document: string; expected_verify: string | null; error: string | null }[];
  identity_file: { document: string; length: number };
  identity_files_refused: { about: string; document: string }[];
}>("keyrings");

function member(name: string): keyring.Member & { identity: string } {
  const identity = age.newIdentity();
  return { id: newId(), name, identity, recipient: age.recipientOf(identity), verify: SigningKey.generate().verify };
}

test("a keyring is read, and written again to the same bytes", () => {
  const ring = keyring.read(utf8(written.document), written.verify);
  assert.ok(fromUtf8(keyring.write(ring)) === padded(written.document, written.length));
  assert.equal(ring.recipient, written.recipient);
  assert.deepEqual([...ring.verifyKeys], written.verify_keys);
  assert.deepEqual([...ring.recipients], written.recipients);
  assert.deepEqual(ring.identities.map(age.recipientOf), [...written.recipients].reverse());
});

test("keyrings are accepted and refused alike in both languages", () => {
  for (const { about, document, expected_verify, error } of read) {
    const reading = () => keyring.read(utf8(document), expected_verify ?? undefined);
    if (error === null) assert.doesNotThrow(reading, about);
    // A wrong identity or recipient inside has its own code in some places; it is a format error all the same.
    else assert.throws(reading, (thrown: { code: string }) => thrown.code === error || (error === "format" && thrown.code === "age_recipient"), about);
  }
});

test("a new keyring opens for its officers and for recovery, and grows by one", async () => {
  const [ada, bo, cy, recovery] = [member("Ada"), member("Bo"), member("Cy"), member("recovery")];
  const ring = keyring.newKeyring(newId(), newId(), "2026-01-31", [ada, bo], [recovery.recipient]);
  const sealed = await keyring.seal(ring);
  for (const { identity } of [ada, bo, recovery]) {
    assert.equal((await keyring.open(sealed, [identity], ring.verify)).recipient, ring.recipient);
  }
  await assert.rejects(keyring.open(sealed, [cy.identity]), coded("age_no_match"));
  await assert.rejects(keyring.open(sealed, [ada.identity], SigningKey.generate().verify), coded("signature"));

  const next = keyring.withMember(ring, cy, "2026-02-01");
  const opened = await keyring.open(await keyring.seal(next), [cy.identity], ring.verify);
  assert.equal(opened.version, 2);
  assert.deepEqual(opened.officers.map(({ name }) => name), ["Ada", "Bo", "Cy"]);
  const renamed = keyring.withMember(next, { ...ada, name: "Ada L." }, "2026-02-02");
  assert.deepEqual(renamed.officers.map(({ name }) => name), ["Bo", "Cy", "Ada L."]);
});

test("a keyring needs an officer, a recovery recipient, and room for all", () => {
  const [ada, recovery] = [member("Ada"), member("recovery")];
  assert.throws(() => keyring.newKeyring(newId(), newId(), "2026-01-31", [], [recovery.recipient]), coded("format"));
  assert.throws(() => keyring.newKeyring(newId(), newId(), "2026-01-31", [ada], []), coded("format"));
  assert.throws(() => keyring.newKeyring(newId(), newId(), "2026-01-31", Array<keyring.Member>(64).fill(ada), [recovery.recipient]), coded("format"));
  const nameless = keyring.newKeyring(newId(), newId(), "2026-01-31", [{ ...ada, name: "" }], [recovery.recipient]);
  assert.throws(() => keyring.write(nameless), coded("format"));
});

test("an identity file is read, and written again to the same bytes", () => {
  const officer = identityFile.read(utf8(padded(identityVector.document, identityVector.length)));
  assert.equal(fromUtf8(identityFile.write(officer)), identityVector.document);
  for (const { about, document } of refused) {
    assert.throws(() => identityFile.read(utf8(document)), (thrown: { code: string }) => ["format", "age_recipient"].includes(thrown.code), about);
  }
});

test("an officer's identity survives the file, the download and the tab", async () => {
  const officer = identityFile.newOfficer(newId(), newId(), "Ada");
  assert.equal(officer.user, "ada");
  const unlock = age.newIdentity();
  const sealed = await identityFile.seal(officer, age.recipientOf(unlock));
  age.requireMessage(sealed, 1);
  for (const file of [sealed, utf8(identityFile.toDownload(sealed))]) same(await identityFile.open(file, unlock), officer);

  const key = random(32);
  const kept = tab.wrap(officer, key);
  same(tab.unwrap(kept, key), officer);
  assert.notEqual(tab.wrap(officer, key), kept);
  assert.ok(!kept.includes(b64uEncode(officer.signing.seed)));
});

test("what a tab keeps opens with its own key only, and unaltered", () => {
  const key = random(32);
  const kept = tab.wrap(identityFile.newOfficer(newId(), newId(), "ada"), key);
  assert.throws(() => tab.unwrap(kept, random(32)), coded("format"));
  assert.throws(() => tab.unwrap(kept, random(31)), coded("format"));
  for (const text of ["", "AAAA", kept.slice(0, -4), `${kept}AAAA`]) assert.throws(() => tab.unwrap(text, key), coded("format"));
  const bytes = b64uDecode(kept);
  for (let at = 0; at < bytes.length; at += 7) {
    const altered = bytes.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.throws(() => tab.unwrap(b64uEncode(altered), key), coded("format"));
  }
});

function same(a: identityFile.OfficerIdentity, b: identityFile.OfficerIdentity): void {
  assert.equal(fromUtf8(identityFile.write(a)), fromUtf8(identityFile.write(b)));
}
