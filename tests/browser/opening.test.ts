/** A sealed file opened as it comes: cut at its size, compared with what the message says, and never kept when it is anything else. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { concat, equal } from "../../app/browser/core/bytes.ts";
import { b64uDecode, b64uEncode, newId } from "../../app/browser/core/encoding.ts";
import type { Attachment } from "../../app/browser/core/message.ts";
import { type Sink, openBytes, openTo, sealedBody } from "../../app/browser/files/opening.ts";
import { SealedSource } from "../../app/browser/files/sealer.ts";
import { python, texts } from "./python.ts";
import { coded, sample } from "./tools.ts";

const team = age.newIdentity();
const reporter = age.newIdentity();
const recipients = [team, reporter].map(age.recipientOf);

function manifest(content: Uint8Array, more: Partial<Attachment> = {}): Attachment {
  const sha256 = new Uint8Array(createHash("sha256").update(content).digest());
  return { id: newId(), name: "a.bin", type: "", size: content.length, sha256, ...more };
}

async function sealed(content: Uint8Array): Promise<Uint8Array> {
  const source = await SealedSource.make(new Blob([new Uint8Array(content)]), recipients);
  return source.slice(0, source.length);
}

/** What a sink was told, and what it was given. */
class Recorder implements Sink {
  readonly parts: Uint8Array[] = [];
  readonly told: string[] = [];

  async write(bytes: Uint8Array): Promise<void> {
    this.parts.push(bytes.slice());
  }

  async close(): Promise<void> {
    this.told.push("close");
  }

  async abort(): Promise<void> {
    this.told.push("abort");
  }
}

async function refused(bytes: Uint8Array, attachment: Attachment, code: string, identity = team): Promise<void> {
  const sink = new Recorder();
  await assert.rejects(openTo(age.streamOf(bytes), [identity], attachment, sink), coded(code));
  assert.deepEqual(sink.told, ["abort"]);
}

for (const size of [0, 1, 65536, 65537, 1_000_000]) {
  test(`a file of ${size} bytes comes out as it went in`, async () => {
    const content = sample(size);
    const bytes = await sealed(content);
    for (const identity of [team, reporter]) {
      const sink = new Recorder();
      let progress = 0;
      await openTo(age.streamOf(bytes), [identity], manifest(content), sink, (reached) => (progress = reached));
      assert.ok(equal(concat(...sink.parts), content));
      assert.deepEqual(sink.told, ["close"]);
      assert.equal(progress, size);
    }
    assert.ok(equal(await openBytes(age.streamOf(bytes), [team], manifest(content)), content));
  });
}

test("no part of a file that is handed on is longer than a chunk", async () => {
  const sink = new Recorder();
  await openTo(age.streamOf(await sealed(sample(500_000))), [team], manifest(sample(500_000)), sink);
  assert.ok(sink.parts.every((part) => part.length <= 65536));
});

test("one altered byte anywhere, a cut, and anything behind the end are found", async () => {
  const content = sample(200_000);
  const bytes = await sealed(content);
  for (const at of [30, 1000, 3500, 70_000, 150_000, bytes.length - 1]) {
    const altered = bytes.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    await refused(altered, manifest(content), "altered");
  }
  for (const length of [0, 10, 3000, 3300, 70_000, bytes.length - 65552, bytes.length - 1]) {
    await refused(bytes.slice(0, length), manifest(content), "altered");
  }
  await refused(concat(bytes, sample(1)), manifest(content), "altered");
});

test("a file that is not what the message says is not kept: another hash, size, class, or bytes behind the end", async () => {
  const content = sample(100_000);
  const bytes = await sealed(content);
  await refused(bytes, manifest(content, { sha256: sample(32) }), "altered");
  for (const size of [99_999, 100_001, 60_000, 200_000, 2 ** 40]) await refused(bytes, manifest(content, { size }), "altered");
  const stray = new Uint8Array(102_400);
  stray.set(content);
  stray[102_399] = 1;
  await refused(await age.seal(stray, recipients), manifest(content), "altered");
  // Sealed to the right people, but longer than its class.
  await refused(await age.seal(concat(content, new Uint8Array(62_000)), recipients), manifest(content), "altered");
  await refused(bytes, manifest(content), "altered", age.newIdentity());
});

test("a stream that breaks off is the network's doing, a sink that does not take more the device's", async () => {
  const content = sample(500_000);
  const bytes = await sealed(content);
  const breaking = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes.subarray(0, 200_000)),
    pull: (controller) => controller.error(new TypeError("network error")),
  });
  const sink = new Recorder();
  await assert.rejects(openTo(breaking, [team], manifest(content), sink), coded("network"));
  assert.deepEqual(sink.told, ["abort"]);
  for (const method of ["write", "close"] as const) {
    const full = new Recorder();
    full[method] = () => Promise.reject(new DOMException("", "QuotaExceededError"));
    await assert.rejects(openTo(age.streamOf(bytes), [team], manifest(content), full), coded("unsaved"));
    assert.deepEqual(full.told, ["abort"]);
  }
});

test("what the server answers is told apart, and the sink is let go", async () => {
  const answers: readonly (readonly [() => Promise<Response>, string])[] = [
    [() => Promise.reject(new TypeError()), "network"],
    [async () => new Response("{}", { status: 404 }), "missing"],
    [async () => new Response("{}", { status: 502 }), "network"],
    [async () => new Response("{}", { status: 403 }), "refused"],
  ];
  for (const [ask, code] of answers) {
    const sink = new Recorder();
    await assert.rejects(openTo(sealedBody(ask), [team], manifest(sample(1)), sink), coded(code));
    assert.deepEqual(sink.told, ["abort"]);
  }
});

test("Python opens what was sealed range by range, and the other way round", async () => {
  for (const size of [0, 65536, 300_000]) {
    const content = sample(size);
    const { sha256 } = manifest(content);
    const source = await SealedSource.make(new Blob([new Uint8Array(content)]), recipients);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < source.length; at += 50_001) parts.push(await source.slice(at, Math.min(at + 50_001, source.length)));
    assert.ok(equal(await source.sha256(), sha256));
    const asked = { sealed: b64uEncode(concat(...parts)), size, sha256: b64uEncode(sha256) };
    for (const identity of [team, reporter]) {
      assert.ok(equal(b64uDecode(texts(python("detach", { ...asked, identity }), "plaintext")), content));
    }
    const theirs = b64uDecode(texts(python("attach", { recipients, plaintext: b64uEncode(content) }), "sealed"));
    assert.ok(equal(await openBytes(age.streamOf(theirs), [reporter], manifest(content)), content));
  }
});
