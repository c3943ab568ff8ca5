/**
 * Which picture a file is, by its first bytes and not by what it is called, and how many pixels it will have. Looked at before any decoder
 * sees the file: a small file can claim a size that takes all memory there is.
 */

/** The kinds of picture that are shown. */
export const pictureTypes = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"] as const;

/** What a file is. `width` and `height` in pixels, of the largest that is in it. */
export interface Picture {
  readonly type: (typeof pictureTypes)[number];
  readonly width: number;
  readonly height: number;
}

/** Bytes from the beginning that are looked at: colour profiles and cameras' notes stand before the size, and seldom fill half of it. */
const searched = 1024 * 1024;

type Size = readonly [width: number, height: number];
type Span = readonly [from: number, to: number];

/** The picture that these bytes are, `undefined` for anything else and where its size cannot be told. */
export function pictureIn(file: Uint8Array): Picture | undefined {
  const view = new DataView(file.buffer, file.byteOffset, Math.min(file.byteLength, searched));
  for (const type of pictureTypes) {
    const size = sizes[type](new Bytes(view));
    if (size === undefined) continue;
    const [width, height] = size;
    return width > 0 && height > 0 ? { type, width, height } : undefined;
  }
  return undefined;
}

const sizes: Readonly<Record<Picture["type"], (file: Bytes) => Size | undefined>> = {
  "image/png": pngSize,
  "image/jpeg": jpegSize,
  "image/gif": gifSize,
  "image/webp": webpSize,
  "image/avif": avifSize,
};

/** Numbers at a place of a file; -1 beyond its end, so that no reader has to ask first. */
class Bytes {
  readonly #view: DataView;
  readonly length: number;

  constructor(view: DataView) {
    this.#view = view;
    this.length = view.byteLength;
  }

  /** A whole number of 1 to 4 bytes, the most significant first. */
  big(at: number, bytes: number): number {
    return this.#number(at, bytes, (value, index) => value * 2 ** (8 * (bytes - 1 - index)));
  }

  /** The same, the least significant first. */
  little(at: number, bytes: number): number {
    return this.#number(at, bytes, (value, index) => value * 2 ** (8 * index));
  }

  /** Whether this ASCII text stands there. */
  says(at: number, text: string): boolean {
    return [...text].every((letter, index) => this.big(at + index, 1) === letter.charCodeAt(0));
  }

  #number(at: number, bytes: number, weigh: (value: number, index: number) => number): number {
    if (at < 0 || at + bytes > this.length) return -1;
    let sum = 0;
    for (let index = 0; index < bytes; index++) sum += weigh(this.#view.getUint8(at + index), index);
    return sum;
  }
}

function pngSize(file: Bytes): Size | undefined {
  if (!file.says(0, "\x89PNG\r\n\x1a\n") || !file.says(12, "IHDR")) return undefined;
  return [file.big(16, 4), file.big(20, 4)];
}

/** The screen, and the first picture on it, which decoders let be larger. */
function gifSize(file: Bytes): Size | undefined {
  if (!file.says(0, "GIF87a") && !file.says(0, "GIF89a")) return undefined;
  let at = 13 + gifTable(file.big(10, 1));
  while (file.big(at, 1) === 0x21) {
    at += 2;
    while (file.big(at, 1) > 0) at += 1 + file.big(at, 1);
    at += 1;
  }
  if (file.big(at, 1) !== 0x2c) return [-1, -1];
  const across = file.little(at + 1, 2) + file.little(at + 5, 2);
  const down = file.little(at + 3, 2) + file.little(at + 7, 2);
  return [Math.max(file.little(6, 2), across), Math.max(file.little(8, 2), down)];
}

/** Bytes of the colour table that these flags announce. */
function gifTable(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}

/** Every segment up to the one that begins the picture (SOF); one without a height, which may follow later, has none. */
function jpegSize(file: Bytes): Size | undefined {
  if (file.big(0, 3) !== 0xffd8ff) return undefined;
  let at = 2;
  while (file.big(at, 1) === 0xff) {
    const marker = file.big(at + 1, 1);
    if (marker === 0xff) at += 1;
    else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) return [file.big(at + 7, 2), file.big(at + 5, 2)];
    else if (marker === 0xda || file.big(at + 2, 2) < 2) break;
    else at += 2 + file.big(at + 2, 2);
  }
  return [-1, -1];
}

function webpSize(file: Bytes): Size | undefined {
  if (!file.says(0, "RIFF") || !file.says(8, "WEBP")) return undefined;
  if (file.says(12, "VP8X")) return [file.little(24, 3) + 1, file.little(27, 3) + 1];
  if (file.says(12, "VP8L")) {
    const bits = file.little(21, 4);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  return file.says(12, "VP8 ") ? [file.little(26, 2) & 0x3fff, file.little(28, 2) & 0x3fff] : [-1, -1];
}

/** A still picture's largest `ispe` (its whole, a tile or a layer). Moving ones (`avis`) are taken by decoders from elsewhere in the file. */
function avifSize(file: Bytes): Size | undefined {
  if (!file.says(4, "ftypavif")) return undefined;
  const found = boxes(file, 0, file.length, "meta").flatMap(([from, to]) =>
    boxes(file, from + 4, to, "iprp").flatMap((iprp) => boxes(file, ...iprp, "ipco").flatMap((ipco) => boxes(file, ...ipco, "ispe"))),
  );
  const larger = ([width, height]: Size, [from]: Span): Size => [Math.max(width, file.big(from + 4, 4)), Math.max(height, file.big(from + 8, 4))];
  return found.reduce(larger, [-1, -1]);
}

/** The boxes of a kind that stand one after the other between two places: where what they hold begins and ends. */
function boxes(file: Bytes, from: number, to: number, kind: string): readonly Span[] {
  const found: Span[] = [];
  for (let at = from; at + 8 <= to; ) {
    const length = file.big(at, 4);
    // 0 is "to the end", 1 a length of 64 bits: what holds the sizes is small, so neither is followed.
    const end = length === 0 ? to : at + length;
    if (length === 1 || end < at + 8 || end > to) break;
    if (file.says(at + 4, kind)) found.push([at + 8, end]);
    at = end;
  }
  return found;
}
