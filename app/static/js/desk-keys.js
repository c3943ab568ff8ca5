import {
  bind,
  place,
  start
} from "./desk-shared-TZNJ6ZPN.js";
import {
  officer,
  same
} from "./desk-shared-XMAYP54M.js";
import "./desk-shared-SARSD4GH.js";
import {
  plainText,
  recipientOf,
  slot,
  slots
} from "./desk-shared-73EKWE2H.js";

// pages/desk-keys.ts
var shown = plainText(slot(document, "own-fingerprint"));
bind({ u: () => location.assign("/desk/") });
void start({
  async opened({ identity, signing }) {
    const own = officer(recipientOf(identity), signing.verify);
    place(document, "agreement", same(own, shown) ? "agrees" : "differs");
  },
  closed() {
    for (const agreement of slots(document, "agreement")) agreement.replaceChildren();
  }
});
