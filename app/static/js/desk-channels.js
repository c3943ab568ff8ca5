import {
  today
} from "./desk-shared-FB5GHGFD.js";
import {
  alarmFor,
  load,
  newKeyring,
  seal,
  silence
} from "./desk-shared-6HIQR3OZ.js";
import "./desk-shared-42MHHOPY.js";
import {
  bind,
  place,
  sessionOver,
  start
} from "./desk-shared-TZNJ6ZPN.js";
import {
  channel,
  recovery,
  same
} from "./desk-shared-XMAYP54M.js";
import "./desk-shared-SARSD4GH.js";
import {
  all,
  b64uEncode,
  clear,
  fail,
  fill,
  find,
  given,
  jsonText,
  main,
  plainText,
  postAgain,
  recipientOf,
  sessionEnded,
  slots,
  working
} from "./desk-shared-73EKWE2H.js";

// pages/desk-channels.ts
var officer;
function recoveryOf(section) {
  return all(section, "[data-recipient]", HTMLElement).map((item) => given("recipient", item));
}
function showRecovery(section) {
  for (const item of all(section, "[data-recipient]", HTMLElement)) {
    fill(item, "fingerprint", recovery(given("recipient", item)));
  }
}
function judged(section, keys) {
  if (!("open" in section.dataset) || keys?.state === "alarm" || keys?.state === "no_access") return keys;
  const offered = slots(section, "offered").map(plainText);
  const name = plainText(find(section, "h2", HTMLElement));
  const alarm = (kind, own2) => ({ state: "alarm", alarm: { kind, name, offered: offered.join(" "), own: own2 } });
  if (keys?.state !== "open") return alarm("keyring_missing", "");
  const own = channel(keys.keyring.recipient, keys.keyring.verify);
  const [only] = offered;
  return offered.length === 1 && only !== void 0 && same(own, only) ? keys : alarm("keyring_differs", own);
}
function showAgreement(section, keys) {
  if (keys?.state === "open") {
    fill(section, "offered", channel(keys.keyring.recipient, keys.keyring.verify));
    place(section, "agreement", "agrees");
  } else if (keys?.state === "no_access") place(section, "agreement", "no-access");
  else if (keys?.state === "alarm") place(section, "agreement", "disagrees");
}
function compareAll(keyrings) {
  const found = channels.flatMap((section) => {
    const keys = judged(section, keyrings.get(given("channel", section)));
    showAgreement(section, keys);
    return keys ?? [];
  });
  alarmFor([...found, ...keyrings.values()]);
}
function unread() {
  for (const section of channels) place(section, "agreement", "agreement-not-fetched");
}
var Opening = class {
  #section;
  #place;
  #made;
  #busy = false;
  constructor(section, place2) {
    this.#section = section;
    this.#place = place2;
    const form = find(place2, "[data-open-form]", HTMLFormElement);
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
  }
  async #submit() {
    const compared = find(this.#place, "[data-compared]", HTMLInputElement);
    const recovery2 = recoveryOf(this.#section);
    clear(this.#place);
    if (recovery2.length === 0) return fail(this.#place, "no_recovery");
    if (!compared.checked) return fail(this.#place, "not_compared", compared);
    if (officer === void 0) return fail(this.#place, "locked");
    this.#busy = true;
    working(this.#place, "making");
    this.#made ??= await make(officer, given("channel", this.#section), recovery2);
    working(this.#place, "sending");
    const answer = await postAgain(given("post", this.#place), this.#made);
    working(this.#place);
    this.#busy = false;
    if (answer.ok) location.reload();
    else this.#refused(answer.code, sessionEnded(answer), answer.status);
  }
  #refused(code, ended, status) {
    if (ended) {
      fail(this.#place, "locked");
      return sessionOver();
    }
    if (status >= 400 && status < 500) this.#made = void 0;
    fail(this.#place, code);
  }
};
async function make(own, channel2, recovery2) {
  const member = { id: own.officer, name: given("officerName"), recipient: recipientOf(own.identity), verify: own.signing.verify };
  const keyring = newKeyring(own.organisation, channel2, today(main), [member], recovery2);
  return jsonText({ recipient: keyring.recipient, verify: keyring.verify, sealed: b64uEncode(await seal(keyring)) });
}
var channels = all(document, "section[data-channel]", HTMLElement);
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
    officer = void 0;
    silence();
    for (const section of channels) place(section, "agreement", "agreement-locked");
  }
});
