/** The unlocked officer as a tab keeps it: wrapped under a key that only the server's session holds (FORMATS.md section 9). */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concat, random, utf8 } from "./bytes.ts";
import { b64uDecode, b64uEncode } from "./encoding.ts";
import { FormatError } from "./errors.ts";
import { type OfficerIdentity, read, write } from "./identity.ts";

const keyLength = 32;
const nonceLength = 24;
const associated = utf8("quietline/tab/v1");

/** What goes into session storage: b64u of the nonce and the sealed identity. `key`: 32 bytes, FormatError otherwise. */
export function wrap(officer: OfficerIdentity, key: Uint8Array): string {
  const nonce = random(nonceLength);
  return b64uEncode(concat(nonce, cipher(key, nonce).encrypt(write(officer))));
}

/** The identity that was wrapped; FormatError for another key or anything else. */
export function unwrap(text: string, key: Uint8Array): OfficerIdentity {
  const wrapped = b64uDecode(text);
  return read(opened(cipher(key, wrapped.subarray(0, nonceLength)), wrapped.subarray(nonceLength)));
}

function cipher(key: Uint8Array, nonce: Uint8Array): { encrypt(data: Uint8Array): Uint8Array; decrypt(data: Uint8Array): Uint8Array } {
  if (key.length !== keyLength || nonce.length !== nonceLength) throw new FormatError();
  return xchacha20poly1305(key, nonce, associated);
}

function opened(aead: { decrypt(data: Uint8Array): Uint8Array }, sealed: Uint8Array): Uint8Array {
  try {
    return aead.decrypt(sealed);
  } catch {
    throw new FormatError();
  }
}
