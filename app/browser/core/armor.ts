/** ASCII armor (c2sp.org/age, "ASCII armor"): what people download and keep. */
import { armor } from "age-encryption";
import { ArmorError } from "./errors.ts";

/** Only white space of ASCII may stand around the armor; the library would also take that of Unicode. */
const framed = /^[\t-\r ]*-----BEGIN AGE ENCRYPTED FILE-----[^]*-----[\t-\r ]*$/;
const begins = /^[\t-\r ]*-----BEGIN AGE ENCRYPTED FILE-----/;

/** Armored text of a sealed file, LF line ends. */
export function encode(sealed: Uint8Array): string {
  return armor.encode(sealed);
}

/** The sealed file in armored text; ArmorError for anything the specification does not allow. */
export function decode(text: string): Uint8Array {
  if (!framed.test(text)) throw new ArmorError();
  try {
    return armor.decode(text);
  } catch {
    throw new ArmorError();
  }
}

/** The sealed file in `file`, which may be armored or not; ArmorError when it begins as armor and is none. */
export function dearmored(file: Uint8Array): Uint8Array {
  // Bytes that are no UTF-8 become U+FFFD here, which no armor holds.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return begins.test(decoder.decode(file.subarray(0, 1024))) ? decode(decoder.decode(file)) : file;
}
