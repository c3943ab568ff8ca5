/** Files: their names, types and padding as both languages have them; and Python opens what is sealed here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { concat, equal } from "../../app/browser/core/bytes.ts";
import { sha256 } from "../../app/browser/core/derive.ts";
import { b64uDecode, b64uEncode } from "../../app/browser/core/encoding.ts";
import { cleanName, cleanType } from "../../app/browser/core/filenames.ts";
import { attachmentClass } from "../../app/browser/core/padding.ts";
import { python, texts } from "./python.ts";
import { vectors } from "./tools.ts";

interface Cleaned {
  about: string;
  given: string;
  clean: string;
}

const { names, types } = vectors<{ names: Cleaned[]; types: Cleaned[] }>("filenames");
const { files } = vectors<{
  files: { size: number; sha256: string; padded: number; padded_sha256: string; sealed: { recipients: number; length: number }[] }[];
}>("attachments");

test("names of files are cleaned, once and for all", () => {
  for (const { about, given, clean } of names) {
    assert.equal(cleanName(given), clean, about);
    assert.equal(cleanName(clean), clean, about);
  }
});

test("types of files are cleaned, once and for all", () => {
  for (const { about, given, clean } of types) {
    assert.equal(cleanType(given), clean, about);
    assert.equal(cleanType(clean), clean, about);
  }
});

test("names of a million characters take no time", () => {
  const started = performance.now();
  for (const piece of [".", "a", "/", "\u202e", " "]) assert.ok([...cleanName(`${piece.repeat(1_000_000)}x`)].length <= 100);
  assert.ok(performance.now() - started < 2000);
});

/** The file of attachments.json with so many bytes. */
function plain(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251);
}

function padded(file: Uint8Array): Uint8Array {
  return concat(file, new Uint8Array(attachmentClass(file.length) - file.length));
}

test("a file is padded with zeros to the same bytes, and its sealed length is foreseen", async () => {
  const recipient = age.recipientOf(age.newIdentity());
  for (const { size, sha256: digest, padded: length, padded_sha256: whole, sealed } of files) {
    const file = plain(size);
    assert.equal(b64uEncode(sha256(file)), digest);
    assert.equal(padded(file).length, length);
    assert.equal(b64uEncode(sha256(padded(file))), whole);
    for (const { recipients, length: expected } of sealed) {
      if (recipients > 2 && size > 1) continue; // sixty-four seals take their time
      assert.equal((await age.seal(padded(file), new Array<string>(recipients).fill(recipient))).length, expected);
    }
  }
});

test("each opens the other's sealed files", async () => {
  const [team, reporter] = [age.newIdentity(), age.newIdentity()];
  const recipients = [age.recipientOf(team), age.recipientOf(reporter)];
  for (const { size, sha256: digest } of files) {
    const file = plain(size);
    const ours = b64uEncode(await age.seal(padded(file), recipients));
    const opened = python("detach", { identity: reporter, sealed: ours, size, sha256: digest });
    assert.ok(equal(b64uDecode(texts(opened, "plaintext")), file));
    const theirs = b64uDecode(texts(python("attach", { recipients, plaintext: b64uEncode(file) }), "sealed"));
    assert.ok(equal(await age.unseal(theirs, [team]), padded(file)));
  }
});

test("Python refuses a file that is not the one that was named", async () => {
  const team = age.newIdentity();
  const [file, recipients] = [plain(70_000), [age.recipientOf(team)]];
  const good = { identity: team, sealed: b64uEncode(await age.seal(padded(file), recipients)), size: file.length, sha256: b64uEncode(sha256(file)) };
  assert.deepEqual(python("detach", { ...good, sha256: b64uEncode(new Uint8Array(32)) }), { error: "format" });
  assert.deepEqual(python("detach", { ...good, size: 69_999 }), { error: "format" });
  assert.deepEqual(python("detach", { ...good, size: 80_000 }), { error: "size_class" });
  assert.deepEqual(python("detach", { ...good, sealed: b64uEncode(await age.seal(file, recipients)) }), { error: "size_class" });
});
