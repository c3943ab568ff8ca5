import {
  bind,
  place,
  start
} from "./desk-shared-XD35R6NM.js";
import {
  officer,
  same
} from "./desk-shared-WVGIA7D5.js";
import "./desk-shared-U2F76VCF.js";
import {
  plainText,
  recipientOf,
  slot,
  slots
} from "./desk-shared-A36B4XNU.js";

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
