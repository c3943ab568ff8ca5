/** Pictures are known by their bytes, and their size before anything decodes them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureIn } from "../../app/browser/desk/pictures.ts";

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const big = (value: number, bytes: number) => Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * (bytes - 1 - at))) % 256);
const little = (value: number, bytes: number) => big(value, bytes).reverse();
const file = (...parts: readonly (readonly number[])[]) => Uint8Array.from(parts.flat());
const box = (kind: string, ...parts: readonly (readonly number[])[]) => {
  const inside = parts.flat();
  return [...big(8 + inside.length, 4), ...ascii(kind), ...inside];
};

const png = (width: number, height: number) =>
  file([0x89], ascii("PNG\r\n\x1a\n"), big(13, 4), ascii("IHDR"), big(width, 4), big(height, 4), [8, 2, 0, 0, 0]);
const segment = (marker: number, inside: readonly number[]) => [0xff, marker, ...big(inside.length + 2, 2), ...inside];
const frame = (width: number, height: number) => [8, ...big(height, 2), ...big(width, 2), 3];
/** As cameras write it: a preview of another size lies inside APP1, before the picture's own size. */
const jpeg = (width: number, height: number, marker = 0xc0) =>
  file([0xff, 0xd8], segment(0xe1, [...ascii("Exif"), 0xff, 0xd8, ...segment(0xc0, frame(1, 1))]), [0xff], segment(0xc4, [0, 1, 2]), segment(marker, frame(width, height)));
const gif = (screen: number, picture: number, flags = 0x80) =>
  file(
    ascii("GIF89a"),
    [...little(screen, 2), ...little(screen, 2), flags, 0, 0],
    flags === 0 ? [] : Array.from({ length: 6 }, () => 0),
    [0x21, 0xfe, 3, ...ascii("abc"), 2, 1, 1, 0],
    [0x2c, ...little(0, 2), ...little(0, 2), ...little(picture, 2), ...little(picture, 2), 0],
  );
const webp = (chunk: string, inside: readonly number[]) => file(ascii("RIFF"), little(100, 4), ascii("WEBP"), ascii(chunk), little(50, 4), inside);
const ispe = (width: number, height: number) => box("ispe", [0, 0, 0, 0], big(width, 4), big(height, 4));
const avif = (...properties: readonly (readonly number[])[]) =>
  file(box("ftyp", ascii("avif"), [0, 0, 0, 0]), box("free"), box("meta", [0, 0, 0, 0], box("hdlr", [1, 2, 3]), box("iprp", box("ipco", box("pixi"), ...properties))));

test("the size of each kind of picture is read from its bytes", () => {
  assert.deepEqual(pictureIn(png(640, 70_000)), { type: "image/png", width: 640, height: 70_000 });
  assert.deepEqual(pictureIn(jpeg(640, 480)), { type: "image/jpeg", width: 640, height: 480 });
  assert.deepEqual(pictureIn(jpeg(640, 480, 0xc2)), { type: "image/jpeg", width: 640, height: 480 });
  assert.deepEqual(pictureIn(gif(640, 480)), { type: "image/gif", width: 640, height: 640 });
  assert.deepEqual(pictureIn(gif(640, 480, 0)), { type: "image/gif", width: 640, height: 640 });
  const lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, ...little(640, 2), ...little(480 | 0x4000, 2)];
  assert.deepEqual(pictureIn(webp("VP8 ", lossy)), { type: "image/webp", width: 640, height: 480 });
  assert.deepEqual(pictureIn(webp("VP8L", [0x2f, ...little(639 + 479 * 16384, 4)])), { type: "image/webp", width: 640, height: 480 });
  assert.deepEqual(pictureIn(webp("VP8X", [0, 0, 0, 0, ...little(639, 3), ...little(70_000, 3)])), { type: "image/webp", width: 640, height: 70_001 });
  assert.deepEqual(pictureIn(avif(ispe(640, 480))), { type: "image/avif", width: 640, height: 480 });
});

test("the largest picture in a file counts", () => {
  assert.deepEqual(pictureIn(gif(10, 60_000)), { type: "image/gif", width: 60_000, height: 60_000 });
  assert.deepEqual(pictureIn(avif(ispe(10, 20_000), ispe(20_000, 10))), { type: "image/avif", width: 20_000, height: 20_000 });
});

test("what is no picture of these kinds, or does not tell its size, is none", () => {
  const svg = ascii('<svg xmlns="http://www.w3.org/2000/svg"/>');
  const none = [[], svg, ascii("%PDF-1.7"), ascii("<!doctype html>"), ascii("BM"), ascii("II*\0")].map((bytes) => Uint8Array.from(bytes));
  const sizeless = [png(0, 10), jpeg(640, 0), avif(), file(ascii("GIF89a")), webp("ANIM", []), file([0xff, 0xd8, 0xff, 0xd9, 0, 2])];
  for (const bytes of [...none, ...sizeless]) assert.equal(pictureIn(bytes), undefined);
});

test("a file that ends anywhere is none or what it was, and nothing is thrown", () => {
  const whole = [png(640, 480), jpeg(640, 480), gif(640, 480), webp("VP8X", [0, 0, 0, 0, 1, 0, 0, 1, 0, 0]), avif(ispe(640, 480))];
  for (const bytes of whole) {
    for (let end = 0; end < bytes.length; end++) {
      const cut = pictureIn(bytes.subarray(0, end));
      if (cut !== undefined) assert.deepEqual(cut, pictureIn(bytes));
    }
  }
});

test("a size that stands beyond the first MiB is not looked for", () => {
  const note = segment(0xe2, new Array<number>(60_000).fill(0));
  const after = (notes: number) => file([0xff, 0xd8], ...Array.from({ length: notes }, () => note), segment(0xc0, frame(640, 480)));
  assert.equal(pictureIn(after(17))?.width, 640);
  assert.equal(pictureIn(after(18)), undefined);
});
