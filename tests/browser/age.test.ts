/** Sealing: what the waist refuses, and that nothing altered ever opens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import * as age from "../../app/browser/core/age.ts";
import * as armor from "../../app/browser/core/armor.ts";
import { equal, utf8 } from "../../app/browser/core/bytes.ts";
import { FormatError } from "../../app/browser/core/errors.ts";
import { pad } from "../../app/browser/core/padding.ts";
import { coded, sample } from "./tools.ts";

const ada = age.newIdentity();
const bo = age.newIdentity();
const cy = age.newIdentity();
const to = (...identities: string[]) => identities.map(age.recipientOf);
const classic = await identityToRecipient(await generateX25519Identity());

test("each recipient opens it, nobody else does", async () => {
  const data = sample(1000);
  const sealed = await age.seal(data, to(ada, bo));
  for (const identity of [ada, bo]) assert.ok(equal(await age.unseal(sealed, [identity]), data));
  assert.ok(equal(await age.unseal(sealed, [cy, bo]), data));
  await assert.rejects(age.unseal(sealed, [cy]), coded("age_no_match"));
  await assert.rejects(age.unseal(sealed, []), coded("age_no_match"));
});

test("the same bytes seal differently every time", async () => {
  const [a, b] = [await age.seal(utf8("a"), to(ada)), await age.seal(utf8("a"), to(ada))];
  assert.ok(!equal(a, b));
});

for (const [about, recipients] of [
  ["no recipients", []],
  ["an X25519 recipient", [classic]],
  ["a hybrid and an X25519 recipient", [...to(ada), classic]],
  ["an X25519 and a hybrid recipient", [classic, ...to(ada)]],
  ["65 recipients", Array.from({ length: 65 }, () => to(ada)[0] ?? "")],
  ["a tag recipient", ["age1tag1qgqe0hfmrgml3gwxnv9vjsnrq6f8dcqhgfwj0tyv8fa7xf7jyxqhxg5hp2p"]],
  ["an SSH key", ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF0HrHTO0MPvnjrYzJpH1pB5yY0LzJtGtQpmVqkSmQyT"]],
  ["an identity", [ada]],
  ["an upper-case recipient", to(ada).map((recipient) => recipient.toUpperCase())],
  ["an empty text", [""]],
] as const) {
  test(`refuses to seal to ${about}`, async () => {
    await assert.rejects(age.seal(utf8("a"), recipients), coded("age_recipient"));
    await assert.rejects(age.sealStream(age.streamOf(utf8("a")), recipients), coded("age_recipient"));
  });
}

test("refuses a recipient whose bytes are no keys", async () => {
  const { bech32 } = await import("@scure/base");
  const keys = (fill: number, point: number) => new Uint8Array(1216).fill(fill, 0, 1184).fill(point, 1184);
  for (const bytes of [keys(255, 9), keys(0, 0)]) {
    const recipient = bech32.encode("age1pq", bech32.toWords(bytes), false);
    await assert.rejects(age.seal(utf8("a"), [recipient]), coded("age_recipient"));
  }
});

test("refuses to open with anything but hybrid identities", async () => {
  const sealed = await age.seal(utf8("a"), to(ada));
  for (const identity of [await generateX25519Identity(), ada.toLowerCase(), to(ada)[0] ?? "", ""]) {
    await assert.rejects(age.unseal(sealed, [identity, ada]), coded("age_recipient"));
  }
});

test("64 recipients are the most", async () => {
  const sealed = await age.seal(utf8("a"), [...Array.from({ length: 63 }, () => to(ada)[0] ?? ""), ...to(bo)]);
  assert.equal(age.inspect(sealed).stanzas, 64);
  assert.ok(equal(await age.unseal(sealed, [ada]), utf8("a")));
});

for (const length of [0, 1, 65535, 65536, 65537, 131072, 131073]) {
  test(`round trip of ${length} bytes, whole and as streams in odd pieces`, async () => {
    const data = sample(length);
    assert.ok(equal(await age.unseal(await age.seal(data, to(ada)), [ada]), data));
    const sealed = await age.readAll(await age.sealStream(inPieces(data, 1013), to(ada)));
    assert.ok(equal(await age.readAll(await age.unsealStream(inPieces(sealed, 70001), [ada])), data));
    if (length > 0) assert.equal(age.inspect(sealed).plaintextLength, length);
    else assert.throws(() => age.inspect(sealed), coded("age_payload"));
  });
}

test("no flipped bit anywhere in a file goes unnoticed", async () => {
  const data = sample(4096);
  const sealed = await age.seal(data, to(ada));
  const { headerLength } = age.inspect(sealed);
  // Every byte of the framing, and a spread of the long encapsulation and payload.
  const positions = [...range(0, 60, 1), ...range(60, headerLength - 120, 61), ...range(headerLength - 120, headerLength + 40, 1)];
  for (const at of [...positions, ...range(headerLength + 40, sealed.length, 397), sealed.length - 1]) {
    const altered = sealed.slice();
    altered[at] = (altered[at] ?? 0) ^ (1 << at % 8);
    await assert.rejects(age.unseal(altered, [ada]), FormatError, `byte ${at}`);
  }
});

test("no file cut short or continued opens, and nothing is given back of it", async () => {
  const sealed = await age.seal(sample(131072 + 5), to(ada));
  const { headerLength } = age.inspect(sealed);
  const start = headerLength + 16;
  const cuts = [0, 1, headerLength - 1, headerLength, start - 1, start, start + 15, start + 16, start + 65551, start + 65552];
  for (const length of [...cuts, start + 65553, start + 2 * 65552, sealed.length - 1]) {
    await assert.rejects(age.unseal(sealed.subarray(0, length), [ada]), FormatError, `${length} bytes`);
  }
  for (const more of [1, 16, 65552]) {
    const longer = new Uint8Array(sealed.length + more);
    longer.set(sealed);
    await assert.rejects(age.unseal(longer, [ada]), coded("age_payload"));
  }
});

test("chunks in another order, or twice, do not open", async () => {
  const sealed = await age.seal(sample(3 * 65536), to(ada));
  const start = age.inspect(sealed).headerLength + 16;
  const chunk = (n: number) => sealed.subarray(start + n * 65552, start + (n + 1) * 65552);
  for (const order of [[1, 0, 2], [0, 0, 2], [0, 2], [0, 1, 1, 2], [0, 1]]) {
    const altered = Buffer.concat([sealed.subarray(0, start), ...order.map(chunk)]);
    await assert.rejects(age.unseal(altered, [ada]), coded("age_payload"));
  }
});

test("a stream that breaks while it is read passes its own error on", async () => {
  const sealed = await age.seal(sample(200000), to(ada));
  const broken = (at: number): age.ByteStream => {
    let sent = false;
    return new ReadableStream({
      pull(controller) {
        if (sent) return controller.error(new TypeError("network"));
        controller.enqueue(sealed.subarray(0, at));
        sent = true;
      },
    });
  };
  await assert.rejects(age.unsealStream(broken(100), [ada]), TypeError);
  await assert.rejects(age.readAll(await age.unsealStream(broken(100000), [ada])), TypeError);
  await assert.rejects(age.readAll(await age.sealStream(broken(100000), to(ada))), TypeError);
});

test("sealing and opening a stream hold back: neither reads ahead of who consumes it", async () => {
  let pulled = 0;
  const endless = (): age.ByteStream =>
    new ReadableStream({
      pull(controller) {
        pulled += 65536;
        controller.enqueue(new Uint8Array(65536));
      },
    });
  const reader = (await age.unsealStream(await age.sealStream(endless(), to(ada)), [ada])).getReader();
  for (let i = 0; i < 5; i++) assert.equal((await reader.read()).value?.length, 65536);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(pulled < 20 * 65536, `${pulled / 65536} chunks`);
  await reader.cancel();
});

test("inspection sees what the server asks for", async () => {
  const sealed = await age.seal(pad(utf8("{}")), to(ada, bo));
  assert.deepEqual(age.requireMessage(sealed, 2), age.inspect(sealed));
  assert.throws(() => age.requireMessage(sealed, 1), coded("age_header"));
  const odd = await age.seal(utf8("{}"), to(ada));
  assert.throws(() => age.requireMessage(odd, 1), coded("size_class"));
  assert.throws(() => age.inspect(utf8(armor.encode(sealed))), coded("age_header"));
  const encrypter = new Encrypter();
  for (const recipient of [...to(ada), classic]) encrypter.addRecipient(recipient);
  const mixed = await encrypter.encrypt(pad(utf8("{}")));
  assert.throws(() => age.inspect(mixed), coded("age_header"));
  // Opening goes by age's rules: the hybrid stanza is ours, the other one is somebody else's.
  assert.ok(equal(await age.unseal(mixed, [ada]), pad(utf8("{}"))));
});

test("a header that never ends is not read to its end", async () => {
  const line = utf8(`-> x\n${"A".repeat(64)}\n`.repeat(200));
  let pulled = 0;
  const endless: age.ByteStream = new ReadableStream({
    pull(controller) {
      pulled += line.length;
      controller.enqueue(pulled === line.length ? Buffer.concat([utf8("age-encryption.org/v1\n"), line]) : line);
    },
  });
  await assert.rejects(age.unsealStream(endless, [ada]), coded("age_header"));
  assert.ok(pulled < 400_000);
});

test("armor goes around a file and off again", async () => {
  const sealed = await age.seal(sample(100), to(ada));
  const text = armor.encode(sealed);
  assert.match(text, /^-----BEGIN AGE ENCRYPTED FILE-----\n(.{64}\n)+.{1,64}\n-----END AGE ENCRYPTED FILE-----\n$/);
  assert.ok(equal(armor.decode(text), sealed));
  assert.ok(equal(armor.dearmored(utf8(`\n ${text.replaceAll("\n", "\r\n")}`)), sealed));
  assert.ok(equal(armor.dearmored(sealed), sealed));
  assert.throws(() => armor.dearmored(utf8(text.slice(0, -20))), coded("age_armor"));
  for (const around of ["\u00a0", "\ufeff", "x"]) {
    assert.throws(() => armor.decode(around + text), coded("age_armor"));
    assert.throws(() => armor.decode(text + around), coded("age_armor"));
  }
});

function inPieces(data: Uint8Array, length: number): age.ByteStream {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= data.length) return controller.close();
      controller.enqueue(data.subarray(at, at + length));
      at += length;
    },
  });
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}
