/** A file as the age file it is sent as: any range, the same bytes each time, and never one chunk with two contents. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import * as age from "../../app/browser/core/age.ts";
import { concat, equal } from "../../app/browser/core/bytes.ts";
import { attachmentClass } from "../../app/browser/core/padding.ts";
import { SealedSource } from "../../app/browser/files/sealer.ts";
import { coded, sample } from "./tools.ts";

const team = age.newIdentity();
const reporter = age.newIdentity();
const recipients = [team, reporter].map(age.recipientOf);
const sizes = [0, 1, 65535, 65536, 65537, 200_000, 1_500_000];

/** A file whose bytes can be altered after it was chosen, which browsers refuse to read in some cases only. */
class Alterable extends Blob {
  content: Uint8Array<ArrayBuffer>;
  failing = false;

  constructor(bytes: Uint8Array) {
    super([]);
    this.content = new Uint8Array(bytes);
  }

  override get size(): number {
    return this.content.length;
  }

  override slice(start = 0, end = this.content.length): Blob {
    const part = new Blob([this.content.slice(start, end)]);
    const fail = (controller: ReadableByteStreamController) => controller.error(new DOMException("", "NotReadableError"));
    if (this.failing) part.stream = () => new ReadableStream({ type: "bytes", start: fail });
    return part;
  }
}

function fileOf(bytes: Uint8Array): Blob {
  return new Blob([new Uint8Array(bytes)]);
}

async function ranges(source: SealedSource, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < source.length; at += length) parts.push(await source.slice(at, Math.min(at + length, source.length)));
  return concat(...parts);
}

for (const size of sizes) {
  test(`a file of ${size} bytes opens as itself, then zeros up to its class`, async () => {
    const content = sample(size);
    const source = await SealedSource.make(fileOf(content), recipients);
    const sealed = await ranges(source, 100_000);
    assert.equal(sealed.length, source.length);
    assert.equal(age.inspect(sealed).stanzas, 2);
    for (const identity of [team, reporter]) {
      const opened = await age.unseal(sealed, [identity]);
      assert.equal(opened.length, attachmentClass(size));
      assert.ok(equal(opened.subarray(0, size), content));
      assert.ok(opened.subarray(size).every((byte) => byte === 0));
    }
    assert.ok(equal(await source.sha256(), createHash("sha256").update(content).digest()));
  });
}

test("ranges of every length and order are the same bytes as one after another", async () => {
  const source = await SealedSource.make(fileOf(sample(300_000)), recipients);
  const whole = await source.slice(0, source.length);
  for (const length of [1, 7, 65552, 65553, 131104, source.length]) {
    const starts = [0, 1, 3000, 3200, 3300, 65552, 65553, 68800, 131072, 200_001, source.length - length, source.length - 1];
    for (const start of starts.filter((each) => each >= 0).reverse()) {
      const end = Math.min(start + length, source.length);
      assert.ok(equal(await source.slice(start, end), whole.subarray(start, end)), `${start} to ${end}`);
    }
  }
  for (const length of [999, 50_000, 65552, 70_000]) assert.ok(equal(await ranges(source, length), whole), `in steps of ${length}`);
});

test("ranges that are asked for at the same time come out right", async () => {
  const source = await SealedSource.make(fileOf(sample(500_000)), recipients);
  const step = 90_000;
  const starts = Array.from({ length: Math.ceil(source.length / step) }, (_, at) => at * step);
  const parts = await Promise.all(starts.map((start) => source.slice(start, start + step)));
  assert.ok(equal((await age.unseal(concat(...parts), [team])).subarray(0, 500_000), sample(500_000)));
});

test("the hash is of the whole file, whichever ranges were read, and how often", async () => {
  const content = sample(400_000);
  const source = await SealedSource.make(fileOf(content), recipients);
  await source.slice(source.length - 10, source.length);
  await source.slice(100_000, 200_000);
  await source.slice(0, 150_000);
  const expected = createHash("sha256").update(content).digest();
  assert.ok(equal(await source.sha256(), expected));
  assert.ok(equal(await source.sha256(), expected));
  await source.slice(0, source.length);
  assert.ok(equal(await source.sha256(), expected));
});

test("a chunk that would be sealed with another content is not given out", async () => {
  const file = new Alterable(sample(400_000));
  const source = await SealedSource.make(file, recipients);
  const before = await source.slice(0, 150_000);
  file.content[70_000] = (file.content[70_000] ?? 0) ^ 1;
  // Chunk 1 holds the byte that was altered; chunk 0, and chunk 3, which was never sealed, do not.
  assert.ok(equal(await source.slice(0, 60_000), before.subarray(0, 60_000)));
  await assert.rejects(source.slice(70_000, 80_000), coded("changed"));
  await assert.rejects(source.slice(0, source.length), coded("changed"));
  await source.slice(250_000, 260_000);
  file.content[70_000] = (file.content[70_000] ?? 0) ^ 1;
  assert.ok(equal(await source.slice(0, 150_000), before));
});

test("a file that was altered before all of it was read is hashed as it was sealed, or not at all", async () => {
  const file = new Alterable(sample(400_000));
  const source = await SealedSource.make(file, recipients);
  // Sealed out of turn, and so not hashed yet.
  await source.slice(200_000, 250_000);
  file.content[220_000] = (file.content[220_000] ?? 0) ^ 1;
  await assert.rejects(source.sha256(), coded("changed"));
});

test("a file that became shorter, or that the browser will not read any more, has changed", async () => {
  for (const alter of [(file: Alterable) => (file.content = file.content.slice(0, 1000)), (file: Alterable) => (file.failing = true)]) {
    const file = new Alterable(sample(400_000));
    const size = file.size;
    const source = await SealedSource.make(file, recipients);
    await source.slice(0, 10_000);
    alter(file);
    Object.defineProperty(file, "size", { value: size });
    await assert.rejects(source.slice(250_000, 300_000), coded("changed"));
  }
});

test("a file that could never be read says so, and can be tried again", async () => {
  const file = new Alterable(sample(100_000));
  const source = await SealedSource.make(file, recipients);
  file.failing = true;
  await assert.rejects(source.slice(0, 10_000), coded("unreadable"));
  file.failing = false;
  assert.equal((await source.slice(0, 10_000)).length, 10_000);
});

test("two files are sealed under different keys, and so is one file a second time", async () => {
  const [one, two] = await Promise.all([1, 2].map(() => SealedSource.make(fileOf(sample(1000)), recipients)));
  const [first, second] = [await one?.slice(0, 1e9), await two?.slice(0, 1e9)];
  const tail = (bytes: Uint8Array | undefined) => bytes?.slice(-65552) ?? new Uint8Array(0);
  assert.ok(!equal(tail(first), tail(second)));
});

test("nobody, too many, and any other kind of recipient are refused, as for messages", async () => {
  const other = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  const [good = ""] = recipients;
  for (const wrong of [[], [other], [good, other], new Array<string>(65).fill(good), [`${good.slice(0, -1)}q`], ["passphrase"]]) {
    await assert.rejects(SealedSource.make(fileOf(sample(10)), wrong), coded("age_recipient"));
  }
});
