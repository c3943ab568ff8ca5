/** What the browser tests share. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { QuietlineError } from "../../app/browser/core/errors.ts";

/** The folder of the project; test.mjs says which, because bundled tests run from elsewhere. */
export const root = process.env["QUIETLINE_ROOT"] ?? process.cwd();

/** One of the vector files that both languages read, in the shape its test says it has. */
export function vectors<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(path.join(root, "tests", "vectors", `${name}.json`), "utf8")) as Shape;
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** An `assert.throws` or `assert.rejects` expectation: one of our errors with this code. */
export function coded(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof QuietlineError, `expected one of our errors, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  };
}

/** `length` bytes that are the same in every run. */
export function sample(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (state * 1103515245 + 12345) % 2147483648) >>> 16);
}

/** The text with spaces up to `length` bytes of UTF-8, as documents are padded. */
export function padded(text: string, length: number): string {
  return text + " ".repeat(length - Buffer.byteLength(text));
}
