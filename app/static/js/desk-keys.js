import {
  bind,
  place,
  start
} from "./desk-shared-G7IYI76F.js";
import {
  officer,
  same
} from "./desk-shared-354S5VMH.js";
import "./desk-shared-SNRAOHJD.js";
import {
  plainText,
  recipientOf,
  slot,
  slots
} from "./desk-shared-HXGIQNWH.js";

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
