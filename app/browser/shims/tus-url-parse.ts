/** What `tus-js-client` gets for `url-parse` (see bundle.mjs): the browser's own, since our endpoints are whole addresses. */
export default URL;
