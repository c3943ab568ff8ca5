/** Ed25519 (RFC 8032) over texts under a context, and the envelope they travel in (FORMATS.md section 5). */
import { ed25519 } from "@noble/curves/ed25519.js";
import { random, utf8 } from "./bytes.ts";
import { b64uDecode, b64uEncode } from "./encoding.ts";
import { FormatError, SignatureError } from "./errors.ts";
import { jsonBytes, readDocument, textOf } from "./json.ts";

const seedLength = 32;
const keyLength = 32;
const signatureLength = 64;

/** A signed text as it travels. `key` is a hint for display, never a reason to trust. */
export interface Envelope {
  readonly signed: string;
  readonly key: string;
  readonly signature: Uint8Array;
}

/** A signing key. The seed is not enumerable, so that printing or serialising one shows the verify key only. */
export class SigningKey {
  readonly #seed: Uint8Array;
  /** The verify key: 32 bytes as b64u. */
  readonly verify: string;

  private constructor(seed: Uint8Array) {
    if (seed.length !== seedLength) throw new FormatError();
    this.#seed = seed.slice();
    this.verify = b64uEncode(ed25519.getPublicKey(seed));
  }

  /** A new random key. */
  static generate(): SigningKey {
    return new SigningKey(random(seedLength));
  }

  /** The key of a 32-byte seed; FormatError for another length. */
  static fromSeed(seed: Uint8Array): SigningKey {
    return new SigningKey(seed);
  }

  /** The 32-byte seed. Secret. */
  get seed(): Uint8Array {
    return this.#seed.slice();
  }

  /** The 64-byte signature over `context LF utf8(text)`. */
  sign(context: string, text: string): Uint8Array {
    return ed25519.sign(message(context, text), this.#seed);
  }
}

/** Whether `text` has the form of a verify key: 32 bytes as b64u. */
export function isVerifyKey(text: string): boolean {
  try {
    b64uDecode(text, keyLength);
    return true;
  } catch {
    return false;
  }
}

/** Returns when `signature` over `text` under `context` is by `key` (b64u); SignatureError otherwise. */
export function verify(key: string, context: string, text: string, signature: Uint8Array): void {
  let good = false;
  try {
    // zip215: false refuses small-order keys and encodings that are not canonical, as Python's library does.
    good = ed25519.verify(signature, message(context, text), b64uDecode(key, keyLength), { zip215: false });
  } catch {
    // Whatever is wrong with key or signature, they do not verify.
  }
  if (!good) throw new SignatureError();
}

/** The envelope of `text`, signed, as JSON bytes without padding. */
export function envelopeWrite(context: string, text: string, signing: SigningKey): Uint8Array {
  return jsonBytes({ signed: text, key: signing.verify, signature: b64uEncode(signing.sign(context, text)) });
}

/** The envelope in a document; FormatError when it is none. The signature is not checked. */
export function envelopeRead(document: Uint8Array): Envelope {
  const envelope = readDocument(document);
  const key = textOf(envelope, "key");
  b64uDecode(key, keyLength);
  return { signed: textOf(envelope, "signed"), key, signature: b64uDecode(textOf(envelope, "signature"), signatureLength) };
}

function message(context: string, text: string): Uint8Array {
  return utf8(`${context}\n${text}`);
}
