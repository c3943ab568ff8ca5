/** The part of tus-js-client that knows no environment: what its browser entry adds (metadata, local storage, XHR) is not ours. */
declare module "tus-js-client/lib/upload.js" {
  import { Upload, type UploadOptions } from "tus-js-client";

  export default class Base extends Upload {
    static defaultOptions: UploadOptions;
  }
}
