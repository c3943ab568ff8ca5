/**
 * What `age-encryption` gets in place of the modules it names for its key encapsulations (see bundle.mjs).
 *
 * Version 0.3.1 asks for `@noble/post-quantum` 0.5, whose pinned curves lack the constant-time X25519 of 2.3.
 * The present version has the same function under another name. Recipients of the P-256 kinds and passphrases are refused
 * by our waist before they could be reached, so nothing of them is shipped: a call would throw.
 */
export { ml_kem768_x25519 as MLKEM768X25519 } from "@noble/post-quantum/hybrid.js";

export const MLKEM768P256 = undefined;
export const p256 = undefined;
export const scrypt = undefined;
