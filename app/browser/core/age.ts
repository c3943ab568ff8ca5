/**
 * The narrow waist around sealing: age v1 (c2sp.org/age) with `mlkem768x25519` recipients and no other kind. FORMATS.md section 2.
 * Nothing else in the client knows how a seal is made. Randomness is `crypto.getRandomValues`; `crypto.subtle` is never used.
 */
import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { bech32 } from "@scure/base";
import { Encrypter } from "age-encryption";
import { openHeader, openStream } from "./agefile.ts";
import { concat, random } from "./bytes.ts";
import { RecipientError } from "./errors.ts";
import { headerEnd, nonceLength } from "./header.ts";
import { limits } from "./limits.ts";
import { openPayloadInPlace, payloadKeyOf } from "./payload.ts";
import { type ByteStream, readAll, streamOf } from "./stream.ts";

export { sealChunk } from "./payload.ts";
export { inspect, requireMessage, type Inspection } from "./header.ts";
export { readAll, streamOf, type ByteStream } from "./stream.ts";

const identityPrefix = "age-secret-key-pq-";
const recipientPrefix = "age1pq";
const seedLength = 32;
const recipientLength = 1216;

/** A new identity: `AGE-SECRET-KEY-PQ-1...`. Secret. */
export function newIdentity(): string {
  return identityFromSeed(random(seedLength));
}

/** The identity of a 32-byte seed; RecipientError for another length. */
export function identityFromSeed(seed: Uint8Array): string {
  if (seed.length !== seedLength) throw new RecipientError();
  return bech32.encode(identityPrefix, bech32.toWords(seed), false).toUpperCase();
}

/** The 32-byte seed of an identity; RecipientError for anything that is not one. */
export function seedOf(identity: string): Uint8Array {
  if (!identity.startsWith("AGE-SECRET-KEY-PQ-1")) throw new RecipientError();
  return bech32Bytes(identity, identityPrefix, seedLength);
}

/** The recipient of an identity: `age1pq1...`. About a millisecond. RecipientError for anything that is not a hybrid identity. */
export function recipientOf(identity: string): string {
  return bech32.encode(recipientPrefix, bech32.toWords(ml_kem768_x25519.getPublicKey(seedOf(identity))), false);
}

/** Whether `text` is a hybrid recipient, by its form. */
export function isRecipient(text: string): boolean {
  return accepts(() => requireRecipient(text));
}

/** Whether `text` is a hybrid identity, by its form. */
export function isIdentity(text: string): boolean {
  return accepts(() => seedOf(text));
}

/** Seals `data` to 1 to 64 hybrid recipients. RecipientError for none, more, or any other kind among them. */
export async function seal(data: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  return readAll(await sealStream(streamOf(data), recipients));
}

/** `seal` for a stream, in constant memory. Rejects before anything is read; a failure of `source` fails the result. */
export async function sealStream(source: ByteStream, recipients: readonly string[]): Promise<ByteStream> {
  return encrypted(encrypterTo(recipients), source);
}

/** How a sealed file begins, and the key of its payload (32 bytes, secret). */
export interface Beginning {
  /** Header and payload nonce. */
  readonly bytes: Uint8Array;
  readonly payloadKey: Uint8Array;
}

/**
 * The beginning of a file sealed to 1 to 64 hybrid recipients, whose chunks the caller then seals with `sealChunk`: for a file whose
 * parts are asked for in any order. The key seals one content only. RecipientError as with `seal`.
 */
export async function beginSeal(recipients: readonly string[]): Promise<Beginning> {
  const encrypter = encrypterTo(recipients);
  let fileKey: Uint8Array | undefined;
  // Adds no stanza: the library draws the file key itself, and tells it to recipients only.
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = key.slice();
      return [];
    },
  });
  const file = await readAll(await encrypted(encrypter, streamOf(new Uint8Array(0))));
  if (fileKey === undefined) throw new RecipientError();
  // A nonce of our own, and so another key than that of the empty payload which the library has just sealed.
  const nonce = random(nonceLength);
  return { bytes: concat(file.subarray(0, headerEnd(file)), nonce), payloadKey: payloadKeyOf(fileKey, nonce) };
}

function encrypterTo(recipients: readonly string[]): Encrypter {
  if (recipients.length === 0 || recipients.length > limits.recipients) throw new RecipientError();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    requireRecipient(recipient);
    encrypter.addRecipient(recipient);
  }
  return encrypter;
}

async function encrypted(encrypter: Encrypter, source: ByteStream): Promise<ByteStream> {
  try {
    return await encrypter.encrypt(source);
  } catch {
    // The form was right, so the key inside is not one: ML-KEM coefficients out of range, or a point of low order.
    throw new RecipientError();
  }
}

/**
 * Opens `data` with the first of `identities` that fits, tried in order. RecipientError for an identity that is not hybrid;
 * else HeaderError, NoMatch, MacError or PayloadError. Nothing is given back of a file that fails.
 */
export async function unseal(data: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  return readAll(await unsealStream(streamOf(data), identities));
}

/** `unseal` for a stream, in constant memory: what came before a PayloadError must be thrown away by whoever read it. */
export async function unsealStream(source: ByteStream, identities: readonly string[]): Promise<ByteStream> {
  identities.forEach(seedOf);
  return openStream(source, identities);
}

/**
 * The same as chunks that all stand in one array, each good until the next one is asked for: for long files, of which most browsers
 * would hold back more memory than they need. What came before a failure must be thrown away. `came` is called whenever bytes came.
 */
export async function* unsealInPlace(source: ByteStream, identities: readonly string[], came?: () => void): AsyncGenerator<Uint8Array, void> {
  identities.forEach(seedOf);
  const { payloadKey, payload } = await openHeader(source, identities, came);
  try {
    yield* openPayloadInPlace(payloadKey, payload);
  } finally {
    await payload.cancel(undefined).catch(() => undefined);
  }
}

function requireRecipient(text: string): void {
  if (!text.startsWith("age1pq1")) throw new RecipientError();
  bech32Bytes(text, recipientPrefix, recipientLength);
}

function bech32Bytes(text: string, prefix: string, length: number): Uint8Array {
  const decoded = bech32.decodeUnsafe(text, false);
  const bytes = decoded?.prefix.toLowerCase() === prefix ? bech32.fromWordsUnsafe(decoded.words) : undefined;
  if (bytes?.length !== length) throw new RecipientError();
  return bytes;
}

function accepts(test: () => unknown): boolean {
  try {
    test();
    return true;
  } catch {
    return false;
  }
}
