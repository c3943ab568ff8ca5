/** Fingerprints that people compare (FORMATS.md section 7). */
import { utf8 } from "./bytes.ts";
import { sha256 } from "./derive.ts";
import { base32Lower } from "./encoding.ts";

/** Of a channel: its recipient and verify key. */
export function channel(recipient: string, verify: string): string {
  return fingerprint("quietline/channel/v1", recipient, verify);
}

/** Of an officer: own recipient and verify key. */
export function officer(recipient: string, verify: string): string {
  return fingerprint("quietline/officer-keys/v1", recipient, verify);
}

/** Of a recovery recipient. */
export function recovery(recipient: string): string {
  return fingerprint("quietline/recovery/v1", recipient);
}

/** Whether two fingerprints are the same, in any case, with or without spaces. */
export function same(a: string, b: string): boolean {
  return plain(a) === plain(b);
}

function fingerprint(...parts: readonly string[]): string {
  const text = base32Lower(sha256(utf8(parts.join("\n"))).subarray(0, 20));
  return text.replace(/.{4}(?!$)/g, "$& ");
}

function plain(text: string): string {
  return text.replace(/\s+/g, "").toLowerCase();
}
