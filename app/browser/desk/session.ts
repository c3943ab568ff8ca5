/**
 * The unlocked officer in this tab. Session storage holds the identity under a key that lies in the server's session: neither half
 * opens anything by itself, and what a browser writes of session storage to the disk is worth nothing after lock, idle or logout.
 */
import { b64uDecode } from "../core/encoding.ts";
import { QuietlineError } from "../core/errors.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { unwrap, wrap } from "../core/tab.ts";
import { given } from "./page.ts";
import { post, sessionEnded, textIn } from "./requests.ts";

const storageKey = "quietline-desk";

/** Why keys are not open: the tab has none, they were locked, nothing was done for too long, the session ended, or no answer came. */
export type Reason = "tab" | "locked" | "idle" | "ended" | "network";
/** What came of opening the tab's keys. */
export type Resumed = { readonly identity: OfficerIdentity } | { readonly reason: Reason };

/** Keeps an identity in this tab, under the session's wrapping key (b64u). */
export function keep(identity: OfficerIdentity, wrappingKey: string): void {
  sessionStorage.setItem(storageKey, wrap(identity, b64uDecode(wrappingKey, 32)));
}

/** Forgets it. */
export function forget(): void {
  sessionStorage.removeItem(storageKey);
}

/** The session's half of the key, or why it is not to be had. */
export async function wrappingKey(): Promise<{ readonly key: string } | { readonly reason: Reason }> {
  const answer = await post(given("unlockKey"), {});
  if (answer.ok) return { key: textIn(answer.body, "wrapping_key") };
  if (answer.code === "locked") return { reason: "locked" };
  return { reason: sessionEnded(answer) ? "ended" : "network" };
}

/** Opens what this tab keeps, for the officer that the page is for. */
export async function resume(): Promise<Resumed> {
  const kept = sessionStorage.getItem(storageKey);
  const half = await wrappingKey();
  if ("reason" in half) return half;
  if (kept === null) return { reason: "tab" };
  try {
    const identity = unwrap(kept, b64uDecode(half.key, 32));
    if (identity.officer === given("officer")) return { identity };
  } catch (error) {
    if (!(error instanceof QuietlineError)) throw error;
  }
  forget();
  return { reason: "tab" };
}
