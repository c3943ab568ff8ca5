/** b64u and ids (FORMATS.md section 1): strict in both directions. */
import { base32nopad, base64nopad, base64urlnopad } from "@scure/base";
import { random } from "./bytes.ts";
import { FormatError } from "./errors.ts";

const idBytes = 16;

/** base64url (RFC 4648 section 5) without padding. */
export function b64uEncode(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Bytes of strict b64u; FormatError for another character, padding, unused bits that are set, or another length than `length` bytes. */
export function b64uDecode(text: string, length?: number): Uint8Array {
  return decoded(base64urlnopad.decode, text, length);
}

/** Bytes of unpadded standard base64 as age headers use it; strict in the same way. */
export function base64Decode(text: string): Uint8Array {
  return decoded(base64nopad.decode, text);
}

/** base32 (RFC 4648 section 6), lower case, without padding. */
export function base32Lower(bytes: Uint8Array): string {
  return base32nopad.encode(bytes).toLowerCase();
}

/** A new random id: 16 bytes as 26 characters. */
export function newId(): string {
  return idEncode(random(idBytes));
}

/** The id of 16 bytes; FormatError for another number of bytes. */
export function idEncode(bytes: Uint8Array): string {
  if (bytes.length !== idBytes) throw new FormatError();
  return base32Lower(bytes);
}

/** The 16 bytes of an id; FormatError for anything else. */
export function idDecode(text: string): Uint8Array {
  if (!/^[a-z2-7]{26}$/.test(text)) throw new FormatError();
  return decoded(base32nopad.decode, text.toUpperCase(), idBytes);
}

/** Whether `text` is an id. */
export function isId(text: string): boolean {
  try {
    idDecode(text);
    return true;
  } catch {
    return false;
  }
}

function decoded(decode: (text: string) => Uint8Array, text: string, length?: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = decode(text);
  } catch {
    throw new FormatError();
  }
  if (length !== undefined && bytes.length !== length) throw new FormatError();
  return bytes;
}
