/** The other language: tests/vectors/python_side.py. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import { root } from "./tools.ts";

const own = path.join(root, ".venv", "bin", "python");
const interpreter = process.env["QUIETLINE_PYTHON"] ?? (existsSync(own) ? own : "python3");

/** Runs one command of python_side.py. */
export function python(command: "seal" | "open" | "attach" | "detach" | "message" | "check", value: unknown): Record<string, unknown> {
  const output = execFileSync(interpreter, ["-m", "tests.vectors.python_side", command], {
    cwd: root,
    input: JSON.stringify(value),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output) as Record<string, unknown>;
}

/** A text of its answer. */
export function texts(answer: Record<string, unknown>, key: string): string {
  const value = answer[key];
  assert.equal(typeof value, "string", JSON.stringify(answer).slice(0, 200));
  return value as string;
}
