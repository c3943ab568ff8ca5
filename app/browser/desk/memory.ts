/** What this browser remembers of the keyrings it has opened, so that an older one, or one of other keys, is noticed. Nothing secret. */
import { b64uDecode } from "../core/encoding.ts";
import { QuietlineError } from "../core/errors.ts";
import { integerOf, jsonText, readText, textOf } from "../core/json.ts";
import type { Keyring } from "../core/keyring.ts";

/** The highest version seen, and the verify key that was in force in it. */
export interface Remembered {
  readonly version: number;
  readonly verify: string;
}

/** What is remembered of a channel's keyring. */
export function recall(organisation: string, channel: string): Remembered | undefined {
  const kept = localStorage.getItem(name(organisation, channel));
  if (kept === null) return undefined;
  try {
    const fields = readText(kept);
    const verify = textOf(fields, "verify");
    b64uDecode(verify, 32);
    return { version: integerOf(fields, "version", 1), verify };
  } catch (error) {
    if (error instanceof QuietlineError) return undefined;
    throw error;
  }
}

/** Remembers a keyring that agreed with everything. */
export function remember({ organisation, channel, version, verify }: Keyring): void {
  localStorage.setItem(name(organisation, channel), jsonText({ version, verify }));
}

function name(organisation: string, channel: string): string {
  return `quietline-keyring/${organisation}/${channel}`;
}
