import {
  base32Lower,
  sha2562 as sha256,
  utf8
} from "./desk-shared-73EKWE2H.js";

// core/fingerprint.ts
function channel(recipient, verify) {
  return fingerprint("quietline/channel/v1", recipient, verify);
}
function officer(recipient, verify) {
  return fingerprint("quietline/officer-keys/v1", recipient, verify);
}
function recovery(recipient) {
  return fingerprint("quietline/recovery/v1", recipient);
}
function same(a, b) {
  return plain(a) === plain(b);
}
function fingerprint(...parts) {
  const text = base32Lower(sha256(utf8(parts.join("\n"))).subarray(0, 20));
  return text.replace(/.{4}(?!$)/g, "$& ");
}
function plain(text) {
  return text.replace(/\s+/g, "").toLowerCase();
}

export {
  channel,
  officer,
  recovery,
  same
};
