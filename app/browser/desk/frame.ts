/** The frame around every page of an officer: whether the keys are open in this tab, and everything that closes them. */
import { QuietlineError } from "../core/errors.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { all, find, maybe, show, showOnly } from "../dom/templates.ts";
import { watch } from "./idle.ts";
import { given } from "./page.ts";
import { postOnLeaving } from "./requests.ts";
import { type Reason, forget, resume } from "./session.ts";
import { hear, tell } from "./tabs.ts";
import { UnlockSection } from "./unlock.ts";

/**
 * What a page does when the keys open and when they close. `closed` takes everything that was opened off the page; drafts stay.
 * `unread` says in their places that what the server gave could not be read.
 */
export interface Page {
  opened(identity: OfficerIdentity, closing: AbortSignal): Promise<void>;
  unread?(): void;
  closed(): void;
}

type LockState = "opening" | "open" | "locked";

let page: Page | undefined;
let section: UnlockSection | undefined;
let closing: AbortController | undefined;

/** Begins: opens the keys that this tab keeps, or asks for the password. */
export async function start(own: Page): Promise<void> {
  page = own;
  section = new UnlockSection(open);
  wire();
  await begin();
}

/** A request found that the session is over: closes the keys and asks for the password in place. */
export function sessionOver(): void {
  close("ended");
}

/** Whether the keys are open. */
export function isOpen(): boolean {
  return closing !== undefined;
}

async function begin(): Promise<void> {
  const resumed = await resume();
  if ("identity" in resumed) open(resumed.identity);
  else close(resumed.reason);
}

function open(identity: OfficerIdentity): void {
  closing?.abort();
  closing = new AbortController();
  showState("open");
  void showOpened(identity, closing.signal);
}

/** No answer of the server, however damaged, may leave the page waiting. */
async function showOpened(identity: OfficerIdentity, signal: AbortSignal): Promise<void> {
  try {
    await page?.opened(identity, signal);
  } catch (error) {
    if (!signal.aborted) page?.unread?.();
    if (!(error instanceof QuietlineError)) throw error;
  }
}

function close(reason: Reason): void {
  closing?.abort();
  closing = undefined;
  // Only a lock or the end of the session makes what the tab keeps worthless; after a failure of the network it may open yet.
  if (reason !== "network") forget();
  page?.closed();
  showState("locked");
  section?.ask(reason);
}

async function lock(reason: "locked" | "idle"): Promise<void> {
  if (!isOpen()) return;
  close(reason);
  tell("locked");
  await postOnLeaving(given("lock"), {});
}

function wire(): void {
  for (const button of all(document, "[data-lock-now]", HTMLElement)) button.addEventListener("click", () => void lock("locked"));
  for (const form of all(document, "form[data-logout]", HTMLFormElement)) {
    form.addEventListener("submit", () => {
      forget();
      tell("locked");
    });
  }
  hear("locked", () => {
    if (isOpen()) close("locked");
  });
  watch(() => void lock("idle"));
  addEventListener("pageshow", (event) => {
    // A page that comes back as it was left has missed whatever closed the keys meanwhile.
    if (event.persisted) void begin();
  });
}

function showState(state: LockState): void {
  const place = maybe(document, "[data-lock-state]", HTMLElement);
  if (place !== undefined) showOnly(place, "data-lock-is", state);
  show(find(document, "[data-lock-now]", HTMLElement), state === "open");
}
