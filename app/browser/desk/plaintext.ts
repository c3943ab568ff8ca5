/** Plain text out of a file's bytes, to be shown as text and nothing else. */
import { limits } from "../core/limits.ts";

/** Its beginning; `cut` where there is more. */
export interface PlainText {
  readonly text: string;
  readonly cut: boolean;
}

/** The first 256 KiB of a file as text: UTF-8, UTF-16 with its mark, else Windows-1252. `undefined` where it holds what no text holds. */
export function plainTextIn(file: Uint8Array): PlainText | undefined {
  const cut = file.length > limits.preview_text_bytes;
  const head = file.subarray(0, limits.preview_text_bytes);
  const text = decoded(encodingOf(head), head, cut) ?? decoded("windows-1252", head, cut) ?? "";
  const plain = text.replace(/\r\n?/g, "\n");
  return /[^\P{Cc}\t\n\f\u0080-\u009f]/u.test(plain) ? undefined : { text: plain, cut };
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** What was cut in the middle of a character ends before it. */
function decoded(encoding: string, bytes: Uint8Array, cut: boolean): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: cut });
  } catch {
    return undefined;
  }
}
