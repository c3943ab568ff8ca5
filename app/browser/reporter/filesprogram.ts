/** The program for files, and what the page shows of them: fetched when the first file is chosen or opened, or a conversation is shown. */
import { addTemplates, clone, hasTemplate } from "../dom/templates.ts";

/** The name of the built module, put in by build.mjs. */
declare const FILES_MODULE: string;

type Program = typeof import("../files/index.ts");

const partsAddress = "/files";
const patienceMilliseconds = 60_000;

let tries = 0;
let loaded: Promise<Program> | undefined;

/** The program, with its parts in the page. Rejects when it does not load; another call then tries again. */
export async function filesProgram(): Promise<Program> {
  loaded ??= load();
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    throw error;
  }
}

/**
 * Puts the templates about files into the page, unless they are there. They come as a document that the browser has parsed: the page's
 * policy lets no script make markup of text. Rejects when they do not come.
 */
export async function fileParts(): Promise<void> {
  if (hasTemplate("file")) return;
  const request = new XMLHttpRequest();
  request.open("GET", partsAddress);
  request.responseType = "document";
  request.timeout = patienceMilliseconds;
  await new Promise<void>((resolve) => {
    request.addEventListener("loadend", () => resolve());
    request.send();
  });
  // Asked for twice at the same time, they are put in once.
  if (hasTemplate("file")) return;
  if (request.status === 200 && request.responseXML !== null) addTemplates(request.responseXML);
  if (!hasTemplate("file")) throw new Error("no parts");
  document.head.append(clone("files-style"));
}

async function load(): Promise<Program> {
  // Some browsers remember that an address failed, for as long as the page is open.
  const address = `./${FILES_MODULE}${tries++ > 0 ? `?${tries}` : ""}`;
  const [program] = await Promise.all([import(address) as Promise<Program>, fileParts()]);
  return program;
}
