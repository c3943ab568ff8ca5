/** Size classes (FORMATS.md section 3): Padme (Nikitin et al. 2019, PURBs) above a smallest size. */
import { SizeError } from "./errors.ts";
import { limits } from "./limits.ts";

/** The class of a document of `length` bytes, in bytes; SizeError over the largest. */
export function messageClass(length: number): number {
  return limited(length, limits.message_class_smallest, limits.message_class_largest);
}

/** The class of an attachment of `length` bytes, in bytes. */
export function attachmentClass(length: number): number {
  return limited(length, limits.attachment_class_smallest, Number.MAX_SAFE_INTEGER);
}

/** Whether `length` bytes is exactly a message class. */
export function isMessageClass(length: number): boolean {
  return length >= limits.message_class_smallest && length <= limits.message_class_largest && messageClass(length) === length;
}

/** The document followed by spaces up to its class; SizeError over the largest. */
export function pad(document: Uint8Array): Uint8Array {
  const padded = new Uint8Array(messageClass(document.length)).fill(0x20);
  padded.set(document);
  return padded;
}

function limited(length: number, smallest: number, largest: number): number {
  if (!Number.isSafeInteger(length) || length < 0) throw new SizeError();
  const size = length <= smallest ? smallest : padme(length);
  if (size > largest) throw new SizeError();
  return size;
}

/** Without bit operations, which in JavaScript end at 32 bits: an attachment may be longer. */
function padme(length: number): number {
  const exponent = floorLog2(length);
  const step = 2 ** (exponent - (floorLog2(exponent) + 1));
  return Math.ceil(length / step) * step;
}

/** Exact for every safe integer, unlike Math.log2 next to a power of two. */
function floorLog2(value: number): number {
  return value.toString(2).length - 1;
}
