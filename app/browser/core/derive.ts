/** HKDF-SHA256 (RFC 5869) with our salts and labels. */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as hash } from "@noble/hashes/sha2.js";
import { utf8 } from "./bytes.ts";

/** 32 bytes derived from `key` for `label` under `salt`, both text. */
export function derive(key: Uint8Array, salt: string, label: string): Uint8Array {
  return hkdf(hash, key, utf8(salt), utf8(label), 32);
}

/** SHA-256 (FIPS 180-4). */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash(bytes);
}
