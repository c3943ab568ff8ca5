import {
  bind,
  place,
  start
} from "./desk-shared-HDGJ3OF5.js";
import {
  officer,
  same
} from "./desk-shared-6XJQFX4F.js";
import "./desk-shared-UPPEWHEH.js";
import {
  plainText,
  recipientOf,
  slot,
  slots
} from "./desk-shared-IJM3FJBY.js";

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
