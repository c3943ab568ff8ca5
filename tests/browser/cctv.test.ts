/** The public age test vectors (npm cctv-age) through our own way of opening files. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import type { Identity } from "age-encryption";
import * as suite from "cctv-age";
import { openStream } from "../../app/browser/core/agefile.ts";
import { unseal, unsealStream } from "../../app/browser/core/age.ts";
import * as armor from "../../app/browser/core/armor.ts";
import { QuietlineError } from "../../app/browser/core/errors.ts";
import { type ByteStream, streamOf } from "../../app/browser/core/stream.ts";
import { unhex } from "./tools.ts";

interface Vector {
  readonly expect: string;
  readonly payload: string | undefined;
  readonly fileKey: string;
  readonly identities: readonly string[];
  readonly armored: boolean;
  readonly file: Uint8Array;
}

const outcomes: Readonly<Record<string, string>> = {
  age_no_match: "no match",
  age_mac: "HMAC failure",
  age_header: "header failure",
  age_payload: "payload failure",
  age_armor: "armor failure",
};

/**
 * Vectors that cannot be run, because their outcome depends on unwrapping a kind of stanza that the product does not offer.
 * Every other X25519 or scrypt vector is opened with its published file key.
 */
const notOffered: readonly string[] = [
  // X25519: what happens inside the stanza, or that no identity fits
  "armor_no_match",
  "x25519_bad_tag",
  "x25519_extra_argument",
  "x25519_identity",
  "x25519_long_file_key",
  "x25519_long_share",
  "x25519_low_order",
  "x25519_lowercase",
  "x25519_no_match",
  "x25519_not_canonical_share",
  "x25519_short_share",
  "hybrid_x25519_arg",
  // scrypt: likewise
  "scrypt_bad_tag",
  "scrypt_extra_argument",
  "scrypt_long_file_key",
  "scrypt_no_match",
  "scrypt_not_canonical_salt",
  "scrypt_salt_long",
  "scrypt_salt_missing",
  "scrypt_salt_short",
  "scrypt_uppercase",
  "scrypt_work_factor_23",
  "scrypt_work_factor_hex",
  "scrypt_work_factor_leading_garbage",
  "scrypt_work_factor_leading_plus",
  "scrypt_work_factor_leading_zero_decimal",
  "scrypt_work_factor_leading_zero_octal",
  "scrypt_work_factor_missing",
  "scrypt_work_factor_negative",
  "scrypt_work_factor_overflow",
  "scrypt_work_factor_trailing_garbage",
  "scrypt_work_factor_wrong",
  "scrypt_work_factor_zero",
];

function parse(data: Uint8Array): Vector {
  const end = Buffer.from(data).indexOf("\n\n");
  const lines = Buffer.from(data.subarray(0, end)).toString().split("\n");
  const all = (key: string) => lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2));
  const raw = data.subarray(end + 2);
  return {
    expect: all("expect")[0] ?? "",
    payload: all("payload")[0],
    fileKey: all("file key")[0] ?? "",
    identities: all("identity"),
    armored: all("armored")[0] === "yes",
    file: all("compressed")[0] === "zlib" ? inflateSync(raw) : raw,
  };
}

const byName: ReadonlyMap<string, Vector> = new Map(
  Object.entries(suite as unknown as Record<string, Uint8Array>).map(([name, data]) => [name, parse(data)]),
);

function isHybrid(vector: Vector): boolean {
  return vector.identities.length > 0 && vector.identities.every((identity) => identity.startsWith("AGE-SECRET-KEY-PQ-"));
}

/** Reads to the end or the failure: the hash of all that was released, and the outcome in the suite's words. */
async function outcome(opening: () => Promise<ByteStream>): Promise<{ expect: string; payload: string }> {
  const hash = createHash("sha256");
  try {
    const reader = (await opening()).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) hash.update(next.value);
    return { expect: "success", payload: hash.digest("hex") };
  } catch (error) {
    assert.ok(error instanceof QuietlineError, String(error));
    return { expect: outcomes[error.code] ?? error.code, payload: hash.digest("hex") };
  }
}

function inPieces(file: Uint8Array, length: number): ByteStream {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < file.length; at += length) controller.enqueue(file.subarray(at, at + length));
      controller.close();
    },
  });
}

function opened(vector: Vector, source: (file: Uint8Array) => ByteStream): Promise<ByteStream> {
  const file = vector.armored ? armor.decode(Buffer.from(vector.file).toString("latin1")) : vector.file;
  const hybrid = vector.identities.filter((identity) => identity.startsWith("AGE-SECRET-KEY-PQ-"));
  const fileKey: Identity = { unwrapFileKey: () => unhex(vector.fileKey) };
  return hybrid.length > 0 ? unsealStream(source(file), hybrid) : openStream(source(file), [fileKey]);
}

for (const [name, vector] of byName) {
  if (notOffered.includes(name)) continue;
  test(`cctv: ${name}`, async () => {
    const empty = createHash("sha256").digest("hex");
    for (const source of [streamOf, (file: Uint8Array) => inPieces(file, file.length > 1e6 ? 65537 : 97)]) {
      const result = await outcome(async () => opened(vector, source));
      assert.equal(result.expect, vector.expect);
      // What was released before a failure counts as well.
      assert.equal(result.payload, vector.payload ?? empty);
    }
  });
}

test("cctv: the list of vectors that cannot be run is exactly right", async () => {
  assert.equal(byName.size, 143);
  assert.equal(new Set(notOffered).size, notOffered.length);
  for (const name of notOffered) {
    const vector = byName.get(name);
    assert.ok(vector !== undefined && !isHybrid(vector), name);
    const result = await outcome(async () => opened(vector, streamOf));
    assert.notEqual(result.expect, vector.expect, `${name} can be run`);
  }
});

test("cctv: a whole array gives nothing back of a file that fails", async () => {
  for (const vector of byName.values()) {
    if (vector.expect !== "payload failure" || !isHybrid(vector)) continue;
    await assert.rejects(unseal(vector.file, vector.identities));
  }
});
