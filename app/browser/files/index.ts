/** What a reporter's page loads once a file is chosen or opened. */
export { FileList } from "./filelist.ts";
export { type OpeningCode, OpeningFailed, openTo, sealedBody, sinkFor } from "./opening.ts";
export { writtenSize } from "./sizes.ts";
