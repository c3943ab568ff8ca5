/** JSON as FORMATS.md section 1 has it: compact when written, strict when read. */
import { characters, fromUtf8, utf8 } from "./bytes.ts";
import { FormatError } from "./errors.ts";
import { limits } from "./limits.ts";

/** A value that is written: integers only, `undefined` leaves a key out. */
export type Writable = null | boolean | number | string | readonly Writable[] | { readonly [key: string]: Writable | undefined };

/** An object that was read; values are checked by the functions below when they are taken out. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Compact JSON text, keys in the order given; a lone surrogate becomes U+FFFD. */
export function jsonText(value: Writable): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "string" ? item.replace(/\p{Cs}/gu, "\ufffd") : item));
}

/** UTF-8 of `jsonText`. */
export function jsonBytes(value: Writable): Uint8Array {
  return utf8(jsonText(value));
}

/** The object in a document of at most `most` bytes; FormatError for anything section 1 refuses. */
export function readDocument(document: Uint8Array, most: number = limits.message_class_largest): JsonObject {
  if (document.length > most) throw new FormatError();
  return readText(fromUtf8(document));
}

/** The object in JSON text; FormatError for anything section 1 refuses. */
export function readText(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new FormatError();
  }
  boundDepth(text);
  refuseOutside(value);
  return asObject(value);
}

/** `value` as an object; FormatError otherwise. */
export function asObject(value: unknown): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new FormatError();
  return value as JsonObject;
}

/** The value under `key`, `undefined` when there is none. Keys of the prototype are none. */
export function valueOf(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Text of `least` to `most` characters under `key`; FormatError otherwise. */
export function textOf(object: JsonObject, key: string, most = Infinity, least = 0): string {
  const value = valueOf(object, key);
  // A string never has more code points than code units, so most texts need no counting.
  if (typeof value !== "string" || value.length < least || (value.length > most && characters(value) > most)) throw new FormatError();
  return value;
}

/** Text under `key` that `test` accepts; FormatError otherwise. */
export function textThat(object: JsonObject, key: string, test: (text: string) => boolean): string {
  const value = textOf(object, key);
  if (!test(value)) throw new FormatError();
  return value;
}

/** One of `choices` under `key`; FormatError otherwise. */
export function choiceOf<T extends string>(object: JsonObject, key: string, choices: readonly T[]): T {
  const value = textOf(object, key);
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new FormatError();
  return found;
}

/** A whole number from `least` to 2^53-1 under `key`; FormatError otherwise. */
export function integerOf(object: JsonObject, key: string, least = 0): number {
  const value = valueOf(object, key);
  if (typeof value !== "number" || value < least) throw new FormatError();
  return value + 0; // -0 becomes 0
}

/** The object under `key`; FormatError otherwise. */
export function objectOf(object: JsonObject, key: string): JsonObject {
  return asObject(valueOf(object, key));
}

/** The list of at most `most` objects under `key`; FormatError otherwise. */
export function objectsOf(object: JsonObject, key: string, most = Infinity): readonly JsonObject[] {
  return listOf(object, key, most).map(asObject);
}

/** The list of at most `most` values under `key`; FormatError otherwise. */
export function listOf(object: JsonObject, key: string, most = Infinity): readonly unknown[] {
  const value = valueOf(object, key);
  if (!Array.isArray(value) || value.length > most) throw new FormatError();
  return value;
}

/**
 * Depth is bounded on the text, which is known to be JSON, because a walk of what was parsed recurses.
 */
function boundDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '"') at = endOfString(text, at);
    else if (c === "{" || c === "[") {
      if (++depth > limits.json_depth) throw new FormatError();
    } else if (c === "}" || c === "]") depth--;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
  return at;
}

/** Numbers are judged by their value as a double, so 1.0 is 1 and -0 is 0: JSON.parse does not tell them apart. */
function refuseOutside(value: unknown): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) throw new FormatError();
  } else if (typeof value === "string") {
    if (/\p{Cs}/u.test(value)) throw new FormatError();
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      refuseOutside(key);
      refuseOutside(item);
    }
  }
}
