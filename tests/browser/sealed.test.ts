/** Files that Python sealed: opened, refused and inspected alike. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import * as armor from "../../app/browser/core/armor.ts";
import { equal, fromUtf8, utf8 } from "../../app/browser/core/bytes.ts";
import { b64uDecode } from "../../app/browser/core/encoding.ts";
import * as identityFile from "../../app/browser/core/identity.ts";
import * as keyring from "../../app/browser/core/keyring.ts";
import { coded, vectors } from "./tools.ts";

type Inspection = { error: string } | { stanzas: number; header_length: number; plaintext_length: number };

interface Sealed {
  about: string;
  sealed: string;
  inspection: Inspection;
}

const { files, broken, foreign, ...sealed } = vectors<{
  files: (Sealed & { opened_by: string[]; not_opened_by: string; length: number; sha256: string })[];
  broken: (Sealed & { seed: string; error: string; released: number })[];
  foreign: { sealed: string; seed: string; plaintext: string; inspection: Inspection };
  keyring: { sealed: string; opened_by: string[]; verify: string; inspection: Inspection };
  identity_file: { unlock_seed: string; sealed: string; armored: string };
}>("sealed");

function identityOf(seed: string): string {
  return age.identityFromSeed(b64uDecode(seed));
}

function inspects(data: Uint8Array, expected: Inspection, about: string): void {
  if ("error" in expected) return assert.throws(() => age.inspect(data), coded(expected.error), about);
  const { stanzas, headerLength, plaintextLength } = age.inspect(data);
  assert.deepEqual({ stanzas, header_length: headerLength, plaintext_length: plaintextLength }, expected, about);
}

test("everybody it was sealed to opens it, and nobody else", async () => {
  for (const { about, opened_by, not_opened_by, length, sha256, inspection, ...file } of files) {
    const data = b64uDecode(file.sealed);
    for (const seed of opened_by) {
      const plain = await age.unseal(data, [identityOf(seed)]);
      assert.equal(plain.length, length, about);
      assert.equal(createHash("sha256").update(plain).digest("hex"), sha256, about);
    }
    await assert.rejects(age.unseal(data, [identityOf(not_opened_by)]), coded("age_no_match"), about);
    inspects(data, inspection, about);
  }
});

test("what is broken is refused for its reason, and only genuine bytes come before", async () => {
  for (const { about, seed, error, released, inspection, ...file } of broken) {
    const data = b64uDecode(file.sealed);
    const identities = [identityOf(seed)];
    await assert.rejects(age.unseal(data, identities), coded(error), about);
    let length = 0;
    await assert.rejects(
      async () => {
        const reader = (await age.unsealStream(age.streamOf(data), identities)).getReader();
        for (let next = await reader.read(); !next.done; next = await reader.read()) length += next.value.length;
      },
      coded(error),
      about,
    );
    assert.equal(length, released, about);
    inspects(data, inspection, about);
  }
});

test("a file with somebody else's stanza beside ours opens, and does not pass inspection", async () => {
  const data = b64uDecode(foreign.sealed);
  assert.equal(fromUtf8(await age.unseal(data, [identityOf(foreign.seed)])), foreign.plaintext);
  inspects(data, foreign.inspection, "foreign");
});

test("a keyring opens for its officers and for recovery", async () => {
  const { opened_by, verify, inspection } = sealed.keyring;
  const data = b64uDecode(sealed.keyring.sealed);
  inspects(data, inspection, "keyring");
  for (const seed of opened_by) {
    const opened = await keyring.open(data, [identityOf(seed)], verify);
    assert.equal(opened.verify, verify);
    assert.equal(opened.officers.length + opened.recovery.length, opened_by.length);
  }
  await assert.rejects(keyring.open(data, [age.newIdentity()], verify), coded("age_no_match"));
});

test("an identity file opens, armored or not, and for no other password", async () => {
  const { unlock_seed, armored } = sealed.identity_file;
  const binary = b64uDecode(sealed.identity_file.sealed);
  assert.ok(equal(armor.decode(armored), binary));
  assert.equal(identityFile.toDownload(binary), armored);
  for (const file of [binary, utf8(armored)]) {
    const officer = await identityFile.open(file, identityOf(unlock_seed));
    assert.equal(officer.user, "ada");
    await assert.rejects(identityFile.open(file, age.newIdentity()), coded("age_no_match"));
  }
});
