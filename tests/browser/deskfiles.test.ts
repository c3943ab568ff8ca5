/** What the desk says of files, and what it shows of plain text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../app/browser/core/bytes.ts";
import { limits } from "../../app/browser/core/limits.ts";
import { hex, kindOf, showingOf } from "../../app/browser/desk/filefacts.ts";
import { plainTextIn } from "../../app/browser/desk/plaintext.ts";

const attachment = (type: string, size = 100) => ({ id: "a".repeat(26), name: "a", type, size, sha256: new Uint8Array(32) });
const bytes = (...values: readonly number[]) => Uint8Array.from(values);

test("a type is named in plain words, and one that nobody knows is a file of another kind", () => {
  const kinds = {
    "image/jpeg": "picture",
    "image/svg+xml": "drawing",
    "text/plain": "text",
    "text/csv": "sheet",
    "text/html": "page",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "sheet",
    "application/vnd.oasis.opendocument.presentation": "slides",
    "application/zip": "archive",
    "message/rfc822": "mail",
    "audio/ogg": "sound",
    "video/mp4": "film",
    "application/x-msdownload": "program",
    "APPLICATION/PDF": "pdf",
    "application/unheard-of": "other",
    "": "other",
    "no type at all": "other",
  };
  for (const [type, kind] of Object.entries(kinds)) assert.equal(kindOf(type), kind, type);
});

test("pictures of five kinds and plain text may be shown, and nothing else, and nothing that is large", () => {
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]) assert.equal(showingOf(attachment(type)), "picture");
  assert.equal(showingOf(attachment("text/plain", limits.preview_bytes)), "text");
  assert.equal(showingOf(attachment("text/plain", limits.preview_bytes + 1)), undefined);
  const never = ["image/svg+xml", "image/tiff", "image/bmp", "text/html", "text/csv", "application/pdf", "application/xhtml+xml", "text/xml", ""];
  for (const type of never) assert.equal(showingOf(attachment(type)), undefined, type);
});

test("a hash is written as other tools write it", () => {
  assert.equal(hex(bytes(0, 10, 255)), "000aff");
});

test("text is read in the encodings that text comes in", () => {
  assert.deepEqual(plainTextIn(utf8("Gr\u00fc\u00dfe\r\n\tand \u6f22\r")), { text: "Gr\u00fc\u00dfe\n\tand \u6f22\n", cut: false });
  assert.equal(plainTextIn(bytes(0xff, 0xfe, 0x47, 0, 0xfc, 0))?.text, "G\u00fc");
  assert.equal(plainTextIn(bytes(0xfe, 0xff, 0, 0x47, 0, 0xfc))?.text, "G\u00fc");
  assert.equal(plainTextIn(bytes(0x47, 0xfc))?.text, "G\u00fc");
  assert.equal(plainTextIn(new Uint8Array(0))?.text, "");
});

test("what holds bytes that no text holds is none", () => {
  for (const value of [0, 1, 7, 8, 0x1b, 0x7f]) assert.equal(plainTextIn(bytes(0x47, value, 0x47)), undefined, String(value));
});

test("a long text is cut, between two characters", () => {
  const long = plainTextIn(utf8("\u6f22".repeat(limits.preview_text_bytes)));
  assert.equal(long?.cut, true);
  assert.equal(long.text, "\u6f22".repeat(Math.floor(limits.preview_text_bytes / 3)));
});
