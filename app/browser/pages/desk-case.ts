/** One case: its conversation opened and checked in this browser, and what is written into it sealed here. */
import { QuietlineError } from "../core/errors.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { readListed } from "../core/listed.ts";
import { alarmFor, silence } from "../desk/alarm.ts";
import { type Composed, type Draft, type WrittenKind, compose, readersOf } from "../desk/compose.ts";
import { Conversation } from "../desk/conversation.ts";
import { clear, fail } from "../desk/feedback.ts";
import { sessionOver, start } from "../desk/frame.ts";
import { bind, stepper } from "../desk/keyboard.ts";
import { type ChannelKeys, load } from "../desk/keyrings.ts";
import { Letters } from "../desk/letters.ts";
import { given, main } from "../desk/page.ts";
import { place } from "../desk/place.ts";
import { type Refusal, getJson, postOnLeaving, sessionEnded, textIn } from "../desk/requests.ts";
import { storeOf } from "../desk/store.ts";
import { type Case, type Stored, Writing } from "../desk/writing.ts";
import { today } from "../dom/days.ts";
import { all, clone, fill, find, plainText, showOnly } from "../dom/templates.ts";

const box = find(document, "[data-messages]", HTMLElement);
const head = find(box, ".case-head", HTMLElement);
let officer: OfficerIdentity | undefined;
let conversation: Conversation | undefined;
/** Why nothing can be written while there is no conversation. */
let absence: "opening" | "not_fetched" | "readers" | "locked" = "opening";

async function open(identity: OfficerIdentity, closing: AbortSignal): Promise<void> {
  officer = identity;
  absence = "opening";
  for (const { form } of writings) clear(form);
  const [keyrings, answer] = await Promise.all([load(identity, new Set([given("channel", box)])), getJson(given("messages", box))]);
  if (closing.aborted) return;
  if (!(keyrings instanceof Map)) return refused(keyrings);
  if (!answer.ok) return refused(answer);
  const keys: ChannelKeys | undefined = keyrings.get(given("channel", box));
  if (keys?.state !== "open") return withoutKeys(keys);
  const found = new Conversation(given("case", box), keys.keyring);
  await found.take(readListed(answer.body));
  if (closing.aborted) return;
  conversation = found;
  for (const { form } of writings) clear(form);
  showAll(found);
  const listed = found.letters.map(([each]) => each);
  for (const writing of writings) await writing.settle(listed, textIn(answer.body, "state"));
  await markRead(found);
}

function refused(answer: ReadonlyMap<string, unknown> | Refusal): void {
  if ("ok" in answer && sessionEnded(answer)) return sessionOver();
  unread();
}

function unread(): void {
  conversation = undefined;
  absence = "not_fetched";
  letters.cover("letter-not-fetched");
  fill(head, "subject", " ");
}

function withoutKeys(keys: ChannelKeys | undefined): void {
  absence = "readers";
  letters.cover(keys?.state === "alarm" ? "letter-alarm" : "letter-no-access");
  fill(head, "subject", " ");
  for (const { form } of writings) fail(form, "readers");
  if (keys !== undefined) alarmFor([keys]);
}

function showAll(shown: Conversation): void {
  letters.showAll(shown.letters, storeOf(shown.keyring, given("files", box), sessionOver));
  const subject = shown.report?.payload?.subject;
  if (subject === undefined) place(head, "subject", "no-subject");
  else fill(head, "subject", subject);
  for (const writing of writings) {
    const readers = readersOf(shown, writing.kind);
    writing.files.open(readers);
    if (readers === undefined) fail(writing.form, "readers");
    else if (writing.kind === "message" && isNew()) writing.suggest(plainText(clone("acknowledge-text")));
  }
  goToNamed();
}

/** After an acknowledgement the page is loaded anew, and its address names the letter that was sent. */
function goToNamed(): void {
  const named = /^#message-([0-9]+)$/.exec(location.hash)?.[1];
  if (named !== undefined && goTo(Number(named))) history.replaceState(null, "", location.pathname);
}

function goTo(number: number | undefined): boolean {
  const letter = letters.items.find(({ dataset }) => dataset["number"] === String(number));
  if (letter === undefined) return false;
  letter.tabIndex = -1;
  letter.focus();
  return true;
}

async function markRead(shown: Conversation): Promise<void> {
  if (shown.last > 0) await postOnLeaving(given("read", box), { number: shown.last });
}

function isNew(): boolean {
  return given("state", box) === "new";
}

const own: Case = {
  postTo: given("post", box),
  async compose(draft: Draft): Promise<Composed | string> {
    if (officer === undefined || conversation === undefined) return absence;
    const writer = { identity: officer, name: given("officerName"), today: today(main) };
    return compose(conversation, writer, { ...draft, acknowledge: draft.kind === "message" && isNew() });
  },
  async stored(composed: Composed, { number, day, state }: Stored): Promise<void> {
    const shown = conversation;
    if (composed.acknowledge) acknowledged(number, state);
    if (shown === undefined) return;
    const before = shown.last;
    const { id, kind, sealed, attachments, removes } = composed;
    await shown.add({ number, id, kind, day, sealed, attachments }, composed.document);
    // What was removed is listed in another way from now on.
    const whole = (removes === undefined && number <= before + 1) || (await fetchMissing(shown));
    if (conversation !== shown) return;
    if (whole) showAll(shown);
    else unread();
    if (removes !== undefined) goTo(shown.letters.find(([listed]) => listed.id === removes)?.[0].number);
  },
  sessionOver,
};

const letters = new Letters(given("officer"), own);

/** Somebody has written meanwhile. Gives whether it came: who writes on a conversation with a gap would vouch for another one. */
async function fetchMissing(shown: Conversation): Promise<boolean> {
  const answer = await getJson(given("messages", box));
  if (!answer.ok) return false;
  try {
    await shown.take(readListed(answer.body));
    return true;
  } catch (error) {
    if (error instanceof QuietlineError) return false;
    throw error;
  }
}

/** The days left and the next states are the server's to write; a draft on the page goes before them. */
function acknowledged(number: number, state: string): void {
  box.dataset["state"] = state;
  showOnly(box, "data-when", "later");
  place(head, "state", "state-acknowledged");
  if (holdsDraft()) return;
  history.replaceState(null, "", `#message-${String(number)}`);
  location.reload();
}

const writings = all(document, "form[data-write]", HTMLFormElement).map((form) => new Writing(form, own));
addEventListener("beforeunload", (event) => {
  if (holdsDraft()) event.preventDefault();
});

/** Whether leaving the page would lose something. */
function holdsDraft(): boolean {
  return letters.holdsDraft || writings.some((writing) => writing.holdsDraft);
}

const step = stepper(
  () => letters.items,
  (letter) => {
    letter.tabIndex = -1;
    return letter;
  },
);
function write(kind: WrittenKind): void {
  const area = writings.find((writing) => writing.kind === kind)?.area;
  const details = area?.closest("details");
  if (details) details.open = true;
  area?.focus();
}
bind({
  j: () => step(1),
  k: () => step(-1),
  r: () => write("message"),
  n: () => write("note"),
  u: () => find(document, "[data-back]", HTMLElement).click(),
});
void start({
  opened: open,
  unread,
  closed() {
    absence = "locked";
    officer = undefined;
    conversation = undefined;
    silence();
    letters.cover("letter-locked");
    for (const { files } of writings) files.hold();
    fill(head, "subject", " ");
  },
});
