/** What `tus-js-client` gets for `js-base64` (see bundle.mjs): it encodes metadata with it, and there never is any. */
export const Base64 = undefined;
