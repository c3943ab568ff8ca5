/** What `age -d` does with a sealed file: an age library that knows nothing of us opens it, and the size in the manifest cuts it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";
import { concat, equal } from "../../app/browser/core/bytes.ts";
import { sha256 } from "../../app/browser/core/derive.ts";
import { b64uDecode, b64uEncode } from "../../app/browser/core/encoding.ts";
import { attachmentClass } from "../../app/browser/core/padding.ts";
import { python, texts } from "./python.ts";
import { sample } from "./tools.ts";

/** The pieces of a stream. */
async function collected(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return pieces;
    pieces.push(value);
  }
}

/** Bytes as they come from a disk or a line. */
function streamed(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 50_001) controller.enqueue(bytes.slice(at, at + 50_001));
      controller.close();
    },
  });
}

for (const size of [0, 1, 65_536, 65_537, 1_000_000]) {
  test(`a plain age library opens a sealed file of ${size} bytes, and cutting it gives the file`, async () => {
    const identities = [await generateHybridIdentity(), await generateHybridIdentity()];
    const recipients = await Promise.all(identities.map(identityToRecipient));
    const file = sample(size);
    const sealed = b64uDecode(texts(python("attach", { recipients, plaintext: b64uEncode(file) }), "sealed"));
    for (const identity of identities) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const opened = concat(...(await collected(await decrypter.decrypt(streamed(sealed)))));
      assert.equal(opened.length, attachmentClass(size));
      assert.ok(equal(opened.subarray(0, size), file));
      assert.ok(opened.subarray(size).every((byte) => byte === 0));
    }
  });
}

test("what a plain age library sealed, padded by hand, opens as a file", async () => {
  const identity = await generateHybridIdentity();
  const file = sample(70_000);
  const padded = new Uint8Array(attachmentClass(file.length));
  padded.set(file);
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const sealed = b64uEncode(await encrypter.encrypt(padded));
  const opened = python("detach", { identity, sealed, size: file.length, sha256: b64uEncode(sha256(file)) });
  assert.ok(equal(b64uDecode(texts(opened, "plaintext")), file));
});
