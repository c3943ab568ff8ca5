/** The officer's channels: fingerprints compared with the keyrings, and opening a channel with keys made here. */
import { recipientOf } from "../core/age.ts";
import { b64uEncode } from "../core/encoding.ts";
import { channel as fingerprintOf, recovery as recoveryFingerprint, same } from "../core/fingerprint.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { jsonText } from "../core/json.ts";
import { newKeyring, seal } from "../core/keyring.ts";
import { alarmFor, silence } from "../desk/alarm.ts";
import { clear, fail, working } from "../desk/feedback.ts";
import { sessionOver, start } from "../desk/frame.ts";
import { bind } from "../desk/keyboard.ts";
import { type AlarmKind, type ChannelKeys, type Keyrings, load } from "../desk/keyrings.ts";
import { given, main } from "../desk/page.ts";
import { place } from "../desk/place.ts";
import { postAgain, sessionEnded } from "../desk/requests.ts";
import { today } from "../dom/days.ts";
import { all, fill, find, plainText, slots } from "../dom/templates.ts";

let officer: OfficerIdentity | undefined;

/** The recovery recipients that stand on the page: those whose fingerprints were compared are those that are sealed to. */
function recoveryOf(section: HTMLElement): readonly string[] {
  return all(section, "[data-recipient]", HTMLElement).map((item) => given("recipient", item));
}

function showRecovery(section: HTMLElement): void {
  // Worked out here from the recipient itself: a fingerprint that the server wrote would prove nothing.
  for (const item of all(section, "[data-recipient]", HTMLElement)) {
    fill(item, "fingerprint", recoveryFingerprint(given("recipient", item)));
  }
}

/**
 * The keys of a channel as this page may rely on them. Where the page calls a channel open, they agree only when they are open here
 * and theirs is the one fingerprint that the page offers; everything else is an alarm.
 */
function judged(section: HTMLElement, keys: ChannelKeys | undefined): ChannelKeys | undefined {
  if (!("open" in section.dataset) || keys?.state === "alarm" || keys?.state === "no_access") return keys;
  const offered = slots(section, "offered").map(plainText);
  const name = plainText(find(section, "h2", HTMLElement));
  const alarm = (kind: AlarmKind, own: string): ChannelKeys => ({ state: "alarm", alarm: { kind, name, offered: offered.join(" "), own } });
  if (keys?.state !== "open") return alarm("keyring_missing", "");
  const own = fingerprintOf(keys.keyring.recipient, keys.keyring.verify);
  const [only] = offered;
  return offered.length === 1 && only !== undefined && same(own, only) ? keys : alarm("keyring_differs", own);
}

function showAgreement(section: HTMLElement, keys: ChannelKeys | undefined): void {
  if (keys?.state === "open") {
    // From the keyring itself: what the server wrote there may only look the same.
    fill(section, "offered", fingerprintOf(keys.keyring.recipient, keys.keyring.verify));
    place(section, "agreement", "agrees");
  } else if (keys?.state === "no_access") place(section, "agreement", "no-access");
  else if (keys?.state === "alarm") place(section, "agreement", "disagrees");
}

function compareAll(keyrings: Keyrings): void {
  const found = channels.flatMap((section) => {
    const keys = judged(section, keyrings.get(given("channel", section)));
    showAgreement(section, keys);
    return keys ?? [];
  });
  // And those that the page leaves out.
  alarmFor([...found, ...keyrings.values()]);
}

function unread(): void {
  for (const section of channels) place(section, "agreement", "agreement-not-fetched");
}

/** One channel that is not open yet. What was made once is sent again as it is until the server has answered. */
class Opening {
  readonly #section: HTMLElement;
  readonly #place: HTMLElement;
  #made: string | undefined;
  #busy = false;

  constructor(section: HTMLElement, place: HTMLElement) {
    this.#section = section;
    this.#place = place;
    const form = find(place, "[data-open-form]", HTMLFormElement);
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
  }

  async #submit(): Promise<void> {
    const compared = find(this.#place, "[data-compared]", HTMLInputElement);
    const recovery = recoveryOf(this.#section);
    clear(this.#place);
    if (recovery.length === 0) return fail(this.#place, "no_recovery");
    if (!compared.checked) return fail(this.#place, "not_compared", compared);
    if (officer === undefined) return fail(this.#place, "locked");
    this.#busy = true;
    working(this.#place, "making");
    this.#made ??= await make(officer, given("channel", this.#section), recovery);
    working(this.#place, "sending");
    const answer = await postAgain(given("post", this.#place), this.#made);
    working(this.#place);
    this.#busy = false;
    if (answer.ok) location.reload();
    else this.#refused(answer.code, sessionEnded(answer), answer.status);
  }

  #refused(code: string, ended: boolean, status: number): void {
    if (ended) {
      fail(this.#place, "locked");
      return sessionOver();
    }
    // A refusal is final: the next attempt makes new keys. Without an answer these may be stored already.
    if (status >= 400 && status < 500) this.#made = undefined;
    fail(this.#place, code);
  }
}

async function make(own: OfficerIdentity, channel: string, recovery: readonly string[]): Promise<string> {
  const member = { id: own.officer, name: given("officerName"), recipient: recipientOf(own.identity), verify: own.signing.verify };
  const keyring = newKeyring(own.organisation, channel, today(main), [member], recovery);
  return jsonText({ recipient: keyring.recipient, verify: keyring.verify, sealed: b64uEncode(await seal(keyring)) });
}

const channels = all(document, "section[data-channel]", HTMLElement);
for (const section of channels) {
  showRecovery(section);
  for (const opening of all(section, "[data-open-channel]", HTMLElement)) new Opening(section, opening);
}
bind({ u: () => location.assign("/desk/") });
void start({
  async opened(identity, closing) {
    officer = identity;
    for (const opening of all(document, "[data-open-channel]", HTMLElement)) clear(opening);
    const keyrings = await load(identity);
    if (closing.aborted) return;
    if (keyrings instanceof Map) compareAll(keyrings);
    else if ("ok" in keyrings && sessionEnded(keyrings)) sessionOver();
    else unread();
  },
  unread,
  closed() {
    officer = undefined;
    silence();
    for (const section of channels) place(section, "agreement", "agreement-locked");
  },
});
