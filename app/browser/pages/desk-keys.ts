/** The officer's own keys: whether the fingerprint that the server shows is that of the keys in this browser. */
import { recipientOf } from "../core/age.ts";
import { officer as fingerprintOf, same } from "../core/fingerprint.ts";
import { start } from "../desk/frame.ts";
import { bind } from "../desk/keyboard.ts";
import { place } from "../desk/place.ts";
import { plainText, slot, slots } from "../dom/templates.ts";

const shown = plainText(slot(document, "own-fingerprint"));

bind({ u: () => location.assign("/desk/") });
void start({
  async opened({ identity, signing }) {
    const own = fingerprintOf(recipientOf(identity), signing.verify);
    place(document, "agreement", same(own, shown) ? "agrees" : "differs");
  },
  closed() {
    for (const agreement of slots(document, "agreement")) agreement.replaceChildren();
  },
});
