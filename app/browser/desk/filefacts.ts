/** What the desk says of a file: its kind in plain words, its hash as other tools write it, and what of it may be shown. */
import { cleanType } from "../core/filenames.ts";
import { limits } from "../core/limits.ts";
import type { Attachment } from "../core/message.ts";
import { pictureTypes } from "./pictures.ts";

/** How a file may be shown on the page; everything else is for download only. */
export type Showing = "picture" | "text";

const kinds: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["pdf", /^application\/pdf$/],
  ["sheet", /^(text\/csv$|application\/vnd\.(ms-excel|oasis\.opendocument\.spreadsheet|openxmlformats-officedocument\.spreadsheetml))/],
  ["slides", /^application\/vnd\.(ms-powerpoint|oasis\.opendocument\.presentation|openxmlformats-officedocument\.presentationml)/],
  ["document", /^application\/(msword|rtf|vnd\.(oasis\.opendocument\.text|openxmlformats-officedocument\.wordprocessingml))/],
  ["page", /^(text\/html|application\/xhtml\+xml|multipart\/related)$/],
  ["mail", /^(message\/rfc822|application\/vnd\.ms-outlook|application\/mbox)$/],
  ["archive", /^application\/(zip|gzip|x-(7z-compressed|rar-compressed|tar|bzip2|xz)|vnd\.rar)$/],
  ["program", /^(application\/(x-msdownload|x-msdos-program|x-executable|x-sh|java-archive|vnd\.android\.package-archive)|text\/javascript)$/],
  ["drawing", /^image\/svg\+xml$/],
  ["picture", /^image\//],
  ["sound", /^audio\//],
  ["film", /^video\//],
  ["text", /^text\//],
];

/** The name of the template that says what kind of file this type is. */
export function kindOf(type: string): string {
  return kinds.find(([, pattern]) => pattern.test(cleanType(type)))?.[0] ?? "other";
}

/** How this file may be shown, by what its message says of it. What it really is shows when it is opened. */
export function showingOf({ type, size }: Attachment): Showing | undefined {
  if (size > limits.preview_bytes) return undefined;
  if (type === "text/plain") return "text";
  return pictureTypes.some((known) => known === type) ? "picture" : undefined;
}

/** Bytes in hexadecimal, as every tool that computes SHA-256 writes them. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
