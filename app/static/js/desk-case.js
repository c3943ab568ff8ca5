import {
  today
} from "./desk-shared-FB5GHGFD.js";
import {
  checkAsOfficer,
  documentOf,
  readListed,
  removalOf,
  seenAfter
} from "./desk-shared-XI4VX4YW.js";
import {
  alarmFor,
  load,
  silence
} from "./desk-shared-6HIQR3OZ.js";
import {
  cleanLine,
  cleanText,
  write
} from "./desk-shared-X6LC63SM.js";
import {
  isDay
} from "./desk-shared-42MHHOPY.js";
import {
  bind,
  place,
  sessionOver,
  start,
  stepper
} from "./desk-shared-TZNJ6ZPN.js";
import "./desk-shared-XMAYP54M.js";
import "./desk-shared-SARSD4GH.js";
import {
  FormatError,
  QuietlineError,
  RecipientError,
  all,
  attachmentClass,
  b64uEncode,
  beginSeal,
  characters,
  chunkLength,
  clear,
  clone,
  equal,
  fail,
  fill,
  fillAll,
  filled,
  fillingReader,
  find,
  formToken,
  getJson,
  given,
  integerOf,
  isId,
  jsonText,
  limits,
  main,
  maybe,
  newId,
  plainText,
  postAgain,
  postOnLeaving,
  seal,
  sealChunk,
  sealedChunkLength,
  sentence,
  sessionEnded,
  sha256,
  shortDay,
  show,
  showOnly,
  slot,
  slots,
  tagLength,
  textIn,
  textOf,
  textThat,
  unsealInPlace,
  working
} from "./desk-shared-73EKWE2H.js";

// desk/compose.ts
function readersOf({ report, keyring }, kind) {
  const { readers, replyTo } = report?.payload ?? {};
  if (readers !== void 0 && readers !== "team") return void 0;
  if (kind === "note") return [keyring.recipient];
  const checks = report?.mark === "verified" || report?.mark === "server";
  return checks && replyTo !== void 0 ? [keyring.recipient, replyTo] : void 0;
}
async function compose(conversation2, writer, draft) {
  const readers = readersOf(conversation2, draft.kind);
  if (readers === void 0) return "readers";
  const id = newId();
  const document2 = signed(conversation2, writer, draft, id);
  const sealed = await sealedTo(readers, document2);
  if (sealed === void 0) return "reply_key";
  const { kind, acknowledge = false, removes } = draft;
  const attachments = (draft.attachments ?? []).map((attachment) => attachment.id);
  const named = { attachments: attachments.length > 0 ? attachments : void 0, removes: removes?.id };
  return { id, kind, document: document2, sealed, acknowledge, attachments, removes: removes?.id, text: jsonText({ message: id, kind, sealed, acknowledge, ...named }) };
}
function signed(conversation2, { identity, name, today: today2 }, draft, id) {
  const { kind, body, attachments = [], removes } = draft;
  const payload = {
    id,
    case: conversation2.caseId,
    kind,
    author: { role: "officer", id: identity.officer, name: nameIn(conversation2, identity) ?? name },
    sealedBy: "browser",
    writtenOn: today2,
    seen: conversation2.seen,
    body,
    answers: [],
    attachments,
    removed: removes
  };
  return write(payload, conversation2.keyring.current.signing);
}
async function sealedTo(readers, document2) {
  try {
    return b64uEncode(await seal(document2, readers));
  } catch (error) {
    if (error instanceof RecipientError) return void 0;
    throw error;
  }
}
function nameIn({ keyring }, { officer: officer2 }) {
  return keyring.officers.find(({ id }) => id === officer2)?.name;
}

// desk/conversation.ts
var Conversation = class {
  caseId;
  keyring;
  #listed = [];
  #checked = [];
  #documents = /* @__PURE__ */ new Map();
  constructor(caseId, keyring) {
    this.caseId = caseId;
    this.keyring = keyring;
  }
  /** Takes the server's list, and opens what was not opened before. */
  async take(listed) {
    for (const { sealed } of listed) {
      if (!this.#documents.has(sealed)) this.#documents.set(sealed, await documentOf(sealed, this.keyring));
    }
    this.#listed = [...listed].sort((a, b) => a.number - b.number);
    const opened = this.#listed.map(({ sealed, ...message }) => ({ ...message, document: this.#documents.get(sealed) }));
    this.#checked = checkAsOfficer(this.caseId, opened, this.keyring);
  }
  /** Adds what was just sent from here; `document` is what its seal holds. */
  async add(message, document2) {
    this.#documents.set(message.sealed, document2);
    await this.take([...this.#listed.filter(({ number }) => number !== message.number), message]);
  }
  /** Every message with its place in the list, in order of number. */
  get letters() {
    return this.#listed.flatMap((listed, at) => {
      const checked = this.#checked[at];
      return checked === void 0 ? [] : [[listed, checked]];
    });
  }
  /** The report, which comes first. */
  get report() {
    return this.#checked.find(({ number }) => number === 1);
  }
  /** The number of the last message; 0 when there is none. */
  get last() {
    return this.#listed.at(-1)?.number ?? 0;
  }
  /** What whoever writes now has been shown. */
  get seen() {
    return seenAfter(this.#checked);
  }
};

// core/filenames.ts
var nameless = "file";
var directions = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;
var ending = /\.[^.]{1,11}$/su;
var type = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/;
function cleanName(given2) {
  const last = given2.slice(Math.max(given2.lastIndexOf("/"), given2.lastIndexOf("\\")) + 1);
  const name = shortened(cleanLine(last.replace(directions, "")).replace(/^\p{White_Space}+/u, ""));
  return name === "" || name === "." || name === ".." ? nameless : name;
}
function cleanType(given2) {
  if (given2.length > limits.name_characters) return "";
  const kind = given2.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return type.test(kind) ? kind : "";
}
function shortened(name) {
  const characters2 = [...name];
  const most2 = limits.file_name_characters;
  if (characters2.length <= most2) return name;
  const kept = ending.exec(name)?.[0];
  if (kept === void 0) return cleanLine(characters2.slice(0, most2).join(""));
  return characters2.slice(0, most2 - [...kept].length).join("") + kept;
}

// files/litter.ts
var pieceLength = 4 * 1024 * 1024;
var every = 8;
var calls = 0;
var held = {};
function litter() {
  if (calls++ % every === 0) held.piece = new ArrayBuffer(pieceLength);
}

// files/opening.ts
var OpeningFailed = class extends QuietlineError {
  code;
  constructor(code) {
    super();
    this.code = code;
  }
};
async function sinkFor(attachment) {
  const name = cleanName(attachment.name);
  try {
    const handle = await picker()?.({ suggestedName: name });
    return handle === void 0 ? downloadSink(name) : writableSink(await handle.createWritable());
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return void 0;
    if (error instanceof DOMException && error.name === "SecurityError" && !navigator.userActivation?.isActive) throw new OpeningFailed("late");
    return downloadSink(name);
  }
}
async function sealedBody(ask2) {
  let response;
  try {
    response = await ask2();
  } catch {
    throw new OpeningFailed("network");
  }
  if (response.status === 404) throw new OpeningFailed("missing");
  if (!response.ok || response.body === null) throw new OpeningFailed(response.status >= 500 ? "network" : "refused");
  return response.body;
}
async function openTo(sealed, identities, attachment, sink, progress = () => {
}, moved = () => {
}) {
  try {
    await pour(unsealInPlace(await sealed, identities, moved), attachment, watched(sink, moved), progress);
    await saved(() => sink.close());
  } catch (error) {
    await sink.abort().catch(() => void 0);
    throw error instanceof OpeningFailed ? error : new OpeningFailed(error instanceof FormatError ? "altered" : "network");
  }
}
async function openBytes(sealed, identities, attachment) {
  const bytes = new Uint8Array(attachment.size);
  let at = 0;
  const write3 = async (part) => {
    bytes.set(part, at);
    at += part.length;
  };
  await openTo(sealed, identities, attachment, { write: write3, close: async () => {
  }, abort: async () => {
  } });
  return bytes;
}
function watched(sink, moved) {
  return {
    async write(bytes) {
      await sink.write(bytes);
      moved();
    }
  };
}
async function pour(chunks, attachment, sink, progress) {
  const hash = sha256.create();
  let at = 0;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, Math.max(0, attachment.size - at));
    if (chunk.subarray(part.length).some((byte) => byte !== 0)) throw new FormatError();
    at += chunk.length;
    litter();
    if (part.length === 0) continue;
    hash.update(part);
    await saved(() => sink.write(part));
    progress(Math.min(at, attachment.size));
  }
  if (at !== attachmentClass(attachment.size) || !equal(hash.digest(), attachment.sha256)) throw new FormatError();
}
async function saved(act) {
  try {
    await act();
  } catch {
    throw new OpeningFailed("unsaved");
  }
}
function picker() {
  const found = Reflect.get(globalThis, "showSaveFilePicker");
  return typeof found === "function" ? (options) => Reflect.apply(found, globalThis, [options]) : void 0;
}
var Gathered = class {
  #held;
  #pass;
  #length = 0;
  constructor(length, pass) {
    this.#held = new Uint8Array(length);
    this.#pass = pass;
  }
  async write(bytes) {
    if (this.#length + bytes.length > this.#held.length) await this.flush();
    this.#held.set(bytes, this.#length);
    this.#length += bytes.length;
  }
  async flush() {
    await this.#pass(this.#held.subarray(0, this.#length));
    this.#length = 0;
  }
};
var together = 1024 * 1024;
var revokedAfterMilliseconds = 6e4;
function writableSink(file) {
  const gathered = new Gathered(together, (part) => file.write(part));
  return {
    write: (bytes) => gathered.write(bytes),
    async close() {
      await gathered.flush();
      await file.close();
    },
    abort: () => file.abort()
  };
}
function downloadSink(name) {
  let whole = new Blob();
  const gathered = new Gathered(4 * together, async (part) => {
    whole = new Blob([whole, part], { type: "application/octet-stream" });
  });
  return {
    write: (bytes) => gathered.write(bytes),
    async close() {
      await gathered.flush();
      download(whole, name);
    },
    async abort() {
      whole = new Blob();
    }
  };
}
function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), revokedAfterMilliseconds);
}

// files/sizes.ts
var units = ["bytes", "kb", "mb", "gb"];
var kilo = 1024;
var wholeFrom = 10;
function writtenSize(bytes) {
  const step2 = Math.min(units.length - 1, bytes < kilo ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / kilo ** step2;
  const digits = step2 > 0 && value < wholeFrom ? 1 : 0;
  const number = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: digits }).format(value);
  return sentence(`size-${units[step2] ?? "gb"}`, { number });
}

// desk/drawing.ts
var patience = 2e4;
async function draw(place2, bytes, type2) {
  const frame = find(clone("letter-file-picture"), "iframe", HTMLIFrameElement);
  const loaded = new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
  });
  frame.hidden = true;
  place2.replaceChildren(frame);
  const size = await Promise.race([loaded.then(() => ask(frame, bytes, type2)), elapsed()]);
  if (size === void 0) place2.replaceChildren();
  else {
    frame.style.aspectRatio = `${String(size.width)} / ${String(size.height)}`;
    frame.style.maxInlineSize = `${String(size.width)}px`;
    frame.hidden = false;
  }
  return size !== void 0;
}
async function ask(frame, bytes, type2) {
  const { port1, port2 } = new MessageChannel();
  const answer2 = new Promise((resolve) => {
    port1.addEventListener("message", ({ data }) => resolve(sizeIn(data)), { once: true });
  });
  port1.start();
  frame.contentWindow?.postMessage(void 0, "*", [port2]);
  port1.postMessage({ bytes: bytes.buffer, type: type2 }, [bytes.buffer]);
  return answer2;
}
function sizeIn(data) {
  if (typeof data !== "object" || data === null) return void 0;
  const { width, height } = data;
  return isSide(width) && isSide(height) ? { width, height } : void 0;
}
function isSide(value) {
  return Number.isInteger(value) && Number(value) > 0;
}
async function elapsed() {
  return new Promise((resolve) => {
    setTimeout(() => resolve(void 0), patience);
  });
}

// desk/pictures.ts
var pictureTypes = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
var searched = 1024 * 1024;
function pictureIn(file) {
  const view = new DataView(file.buffer, file.byteOffset, Math.min(file.byteLength, searched));
  for (const type2 of pictureTypes) {
    const size = sizes[type2](new Bytes(view));
    if (size === void 0) continue;
    const [width, height] = size;
    return width > 0 && height > 0 ? { type: type2, width, height } : void 0;
  }
  return void 0;
}
var sizes = {
  "image/png": pngSize,
  "image/jpeg": jpegSize,
  "image/gif": gifSize,
  "image/webp": webpSize,
  "image/avif": avifSize
};
var Bytes = class {
  #view;
  length;
  constructor(view) {
    this.#view = view;
    this.length = view.byteLength;
  }
  /** A whole number of 1 to 4 bytes, the most significant first. */
  big(at, bytes) {
    return this.#number(at, bytes, (value, index) => value * 2 ** (8 * (bytes - 1 - index)));
  }
  /** The same, the least significant first. */
  little(at, bytes) {
    return this.#number(at, bytes, (value, index) => value * 2 ** (8 * index));
  }
  /** Whether this ASCII text stands there. */
  says(at, text) {
    return [...text].every((letter, index) => this.big(at + index, 1) === letter.charCodeAt(0));
  }
  #number(at, bytes, weigh) {
    if (at < 0 || at + bytes > this.length) return -1;
    let sum = 0;
    for (let index = 0; index < bytes; index++) sum += weigh(this.#view.getUint8(at + index), index);
    return sum;
  }
};
function pngSize(file) {
  if (!file.says(0, "PNG\r\n\n") || !file.says(12, "IHDR")) return void 0;
  return [file.big(16, 4), file.big(20, 4)];
}
function gifSize(file) {
  if (!file.says(0, "GIF87a") && !file.says(0, "GIF89a")) return void 0;
  let at = 13 + gifTable(file.big(10, 1));
  while (file.big(at, 1) === 33) {
    at += 2;
    while (file.big(at, 1) > 0) at += 1 + file.big(at, 1);
    at += 1;
  }
  if (file.big(at, 1) !== 44) return [-1, -1];
  const across = file.little(at + 1, 2) + file.little(at + 5, 2);
  const down = file.little(at + 3, 2) + file.little(at + 7, 2);
  return [Math.max(file.little(6, 2), across), Math.max(file.little(8, 2), down)];
}
function gifTable(flags) {
  return (flags & 128) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}
function jpegSize(file) {
  if (file.big(0, 3) !== 16767231) return void 0;
  let at = 2;
  while (file.big(at, 1) === 255) {
    const marker = file.big(at + 1, 1);
    if (marker === 255) at += 1;
    else if (marker >= 192 && marker <= 207 && ![196, 200, 204].includes(marker)) return [file.big(at + 7, 2), file.big(at + 5, 2)];
    else if (marker === 218 || file.big(at + 2, 2) < 2) break;
    else at += 2 + file.big(at + 2, 2);
  }
  return [-1, -1];
}
function webpSize(file) {
  if (!file.says(0, "RIFF") || !file.says(8, "WEBP")) return void 0;
  if (file.says(12, "VP8X")) return [file.little(24, 3) + 1, file.little(27, 3) + 1];
  if (file.says(12, "VP8L")) {
    const bits = file.little(21, 4);
    return [(bits & 16383) + 1, (bits >>> 14 & 16383) + 1];
  }
  return file.says(12, "VP8 ") ? [file.little(26, 2) & 16383, file.little(28, 2) & 16383] : [-1, -1];
}
function avifSize(file) {
  if (!file.says(4, "ftypavif")) return void 0;
  const found = boxes(file, 0, file.length, "meta").flatMap(
    ([from, to]) => boxes(file, from + 4, to, "iprp").flatMap((iprp) => boxes(file, ...iprp, "ipco").flatMap((ipco) => boxes(file, ...ipco, "ispe")))
  );
  const larger = ([width, height], [from]) => [Math.max(width, file.big(from + 4, 4)), Math.max(height, file.big(from + 8, 4))];
  return found.reduce(larger, [-1, -1]);
}
function boxes(file, from, to, kind) {
  const found = [];
  for (let at = from; at + 8 <= to; ) {
    const length = file.big(at, 4);
    const end = length === 0 ? to : at + length;
    if (length === 1 || end < at + 8 || end > to) break;
    if (file.says(at + 4, kind)) found.push([at + 8, end]);
    at = end;
  }
  return found;
}

// desk/filefacts.ts
var kinds = [
  ["pdf", /^application\/pdf$/],
  ["sheet", /^(text\/csv$|application\/vnd\.(ms-excel|oasis\.opendocument\.spreadsheet|openxmlformats-officedocument\.spreadsheetml))/],
  ["slides", /^application\/vnd\.(ms-powerpoint|oasis\.opendocument\.presentation|openxmlformats-officedocument\.presentationml)/],
  ["document", /^application\/(msword|rtf|vnd\.(oasis\.opendocument\.text|openxmlformats-officedocument\.wordprocessingml))/],
  ["page", /^(text\/html|application\/xhtml\+xml|multipart\/related)$/],
  ["mail", /^(message\/rfc822|application\/vnd\.ms-outlook|application\/mbox)$/],
  ["archive", /^application\/(zip|gzip|x-(7z-compressed|rar-compressed|tar|bzip2|xz)|vnd\.rar)$/],
  ["program", /^(application\/(x-msdownload|x-msdos-program|x-executable|x-sh|java-archive|vnd\.android\.package-archive)|text\/javascript)$/],
  ["drawing", /^image\/svg\+xml$/],
  ["picture", /^image\//],
  ["sound", /^audio\//],
  ["film", /^video\//],
  ["text", /^text\//]
];
function kindOf(type2) {
  return kinds.find(([, pattern]) => pattern.test(cleanType(type2)))?.[0] ?? "other";
}
function showingOf({ type: type2, size }) {
  if (size > limits.preview_bytes) return void 0;
  if (type2 === "text/plain") return "text";
  return pictureTypes.some((known) => known === type2) ? "picture" : void 0;
}
function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// desk/plaintext.ts
function plainTextIn(file) {
  const cut = file.length > limits.preview_text_bytes;
  const head2 = file.subarray(0, limits.preview_text_bytes);
  const text = decoded(encodingOf(head2), head2, cut) ?? decoded("windows-1252", head2, cut) ?? "";
  const plain = text.replace(/\r\n?/g, "\n");
  return /[^\P{Cc}\t\n\f\u0080-\u009f]/u.test(plain) ? void 0 : { text: plain, cut };
}
function encodingOf([first, second]) {
  if (first === 255 && second === 254) return "utf-16le";
  return first === 254 && second === 255 ? "utf-16be" : "utf-8";
}
function decoded(encoding, bytes, cut) {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: cut });
  } catch {
    return void 0;
  }
}

// desk/fileline.ts
var agreeing = /* @__PURE__ */ new Set([
  "opening-saved",
  "letter-file-shown",
  "letter-file-shown-cut",
  "letter-file-no-picture",
  "letter-file-no-text",
  "letter-file-too-many-pixels",
  "letter-file-not-drawn"
]);
var FileLine = class {
  element;
  #attachment;
  #proved;
  #showing;
  #store;
  #stopping;
  /** `mark`: of the message that names the file. `there`: whether the server lists the file. */
  constructor(attachment, mark, there, store) {
    this.#attachment = attachment;
    this.#proved = mark === "verified" || mark === "server";
    this.#store = store;
    this.#showing = showingOf({ ...attachment, type: cleanType(attachment.type) });
    this.element = find(clone("letter-file"), "[data-letter-file]", HTMLElement);
    this.#describe(attachment);
    const acts2 = {
      save: () => void this.#open(() => this.#save()),
      view: () => void this.#open(() => this.#view()),
      hide: () => this.#hide(),
      stop: () => this.#stopping?.abort(),
      copy: () => void this.#copy()
    };
    for (const button of this.#buttons) button.addEventListener("click", acts2[button.dataset["act"]]);
    this.#offer(there ? "open" : "nothing");
    if (!there) this.#say("opening-missing");
  }
  /** Whether the file is being opened. */
  get busy() {
    return this.#stopping !== void 0;
  }
  /** Ends what is going on. */
  end() {
    this.#stopping?.abort();
  }
  #describe({ name, type: type2, size, sha256: sha2562 }) {
    fill(this.element, "file-name", cleanName(name));
    const kind = cleanType(type2);
    slot(this.element, "file-kind").replaceChildren(clone(`kind-${kindOf(kind)}`));
    fill(this.element, "file-type", kind);
    fill(this.element, "file-size", writtenSize(size));
    fill(this.element, "file-digest", hex(sha2562));
  }
  /** Runs one opening, and says what came of it. */
  async #open(act) {
    if (this.#stopping !== void 0) return;
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    this.#hide();
    this.#offer("stop");
    let said;
    try {
      said = await act();
    } catch (error) {
      if (!(error instanceof OpeningFailed)) throw error;
      said = signal.aborted ? "opening-stopped" : this.#reason(error);
    } finally {
      this.#stopping = void 0;
      this.#offer("open");
    }
    this.#say(this.#proved || !agreeing.has(said) ? said : `${said}-unproved`);
  }
  #reason({ code }) {
    return code === "refused" ? "letter-file-refused" : `opening-${code}`;
  }
  /** The answer is waited for within the opening, which leaves nothing at the chosen place when none comes. */
  async #save() {
    const sink = await sinkFor(this.#attachment);
    if (sink === void 0) return "opening-stopped";
    this.#progress(0);
    await openTo(this.#sealed(), this.#store.identities, this.#attachment, sink, (bytes) => this.#progress(bytes));
    return "opening-saved";
  }
  async #view() {
    this.#progress(0);
    const bytes = await openBytes(await this.#sealed(), this.#store.identities, this.#attachment);
    return this.#showing === "text" ? this.#showText(bytes) : this.#showPicture(bytes);
  }
  async #sealed() {
    const { signal } = this.#stopping ?? new AbortController();
    return sealedBody(() => this.#store.ask(this.#attachment.id, signal));
  }
  #showText(bytes) {
    const found = plainTextIn(bytes);
    if (found === void 0) return "letter-file-no-text";
    this.#place.replaceChildren(filled("letter-file-text", { "file-text": found.text }));
    show(this.#place);
    return found.cut ? "letter-file-shown-cut" : "letter-file-shown";
  }
  async #showPicture(bytes) {
    const picture = pictureIn(bytes);
    if (picture === void 0) return "letter-file-no-picture";
    if (picture.width * picture.height > limits.preview_pixels) return "letter-file-too-many-pixels";
    show(this.#place);
    const drawn = await draw(this.#place, bytes, picture.type);
    show(this.#place, drawn);
    return drawn ? "letter-file-shown" : "letter-file-not-drawn";
  }
  #hide() {
    this.#place.replaceChildren();
    show(this.#place, false);
    this.#say();
    this.#offer("open");
  }
  async #copy() {
    const copied = find(this.element, "[data-copied]", HTMLElement);
    try {
      await navigator.clipboard.writeText(hex(this.#attachment.sha256));
      show(copied);
    } catch {
      getSelection()?.selectAllChildren(slot(this.element, "file-digest"));
    }
  }
  /** Whole per cent only, so that a reader of the screen is not told every piece. */
  #progress(bytes) {
    const { size } = this.#attachment;
    const percent = size === 0 ? 0 : Math.floor(100 * bytes / size);
    const bar = find(this.element, "progress", HTMLProgressElement);
    show(bar);
    bar.value = percent;
  }
  #say(template) {
    show(find(this.element, "progress", HTMLProgressElement), false);
    const place2 = slot(this.element, "file-says");
    place2.replaceChildren(...template === void 0 ? [] : [clone(template)]);
    this.element.dataset["says"] = template ?? "";
  }
  /** Shows the buttons that make sense now. The one that was pressed may give its place to another, which then has the focus. */
  #offer(what) {
    const held2 = this.#buttons.some((button) => button === document.activeElement);
    const shown = this.#place.childElementCount > 0;
    const view = this.#showing === void 0 ? [] : shown ? ["hide"] : ["view"];
    const open2 = what === "open" ? ["save", ...view] : what === "stop" ? ["stop"] : [];
    for (const button of this.#buttons) show(button, button.dataset["act"] === "copy" || open2.includes(button.dataset["act"] ?? ""));
    show(find(this.element, "[data-download-only]", HTMLElement), what !== "nothing" && this.#showing === void 0);
    const shownButtons = this.#buttons.filter((button) => !button.hidden);
    if (held2 && !shownButtons.some((button) => button === document.activeElement)) shownButtons[0]?.focus();
  }
  get #place() {
    return find(this.element, "[data-view]", HTMLElement);
  }
  get #buttons() {
    return all(this.element, "button[data-act]", HTMLButtonElement);
  }
};

// dom/delivery.ts
var Delivery = class {
  #post;
  #read;
  #text;
  #uncertain = false;
  /** `read` takes the answer of success; when it throws, the answer counts as none. */
  constructor(post, read) {
    this.#post = post;
    this.#read = read;
  }
  /** Whether it may have arrived: then what it says must not change any more. */
  get uncertain() {
    return this.#uncertain;
  }
  /** Sends what `make` seals; where an earlier try had no answer, that again. Rejects when `make` does. */
  async send(make) {
    this.#text ??= await make();
    const outcome = this.#judge(await this.#post(this.#text));
    if (outcome.kind === "unknown") this.#uncertain = true;
    if (outcome.kind === "stored" || provesNothingStored(outcome)) this.#uncertain = false;
    if (!this.#uncertain) this.#text = void 0;
    return outcome;
  }
  #judge(answer2) {
    if (answer2.ok) return this.#stored(answer2.body);
    return isRefusal(answer2) ? { kind: "refused", code: answer2.code } : { kind: "unknown" };
  }
  #stored(body) {
    try {
      return { kind: "stored", value: this.#read(body) };
    } catch {
      return { kind: "unknown" };
    }
  }
};
function provesNothingStored(outcome) {
  return outcome.kind === "refused" && outcome.code === "attachments";
}
function isRefusal({ status, code }) {
  return code === "storage_busy" || status >= 400 && status < 500 && code !== "";
}

// dom/form.ts
function putFiles(input, files) {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
}

// files/pace.ts
var least = 256 * 1024;
var most = 8 * 1024 * 1024;
var aimSeconds = 1;
var patienceSeconds = 60;
var slowest = 1e4;
var Pace = class {
  #bytes = least;
  /** Bytes for the next request. */
  get bytes() {
    return this.#bytes;
  }
  /** A request with this many bytes took so long. One that was smaller than asked for says nothing. */
  took(bytes, seconds) {
    if (bytes >= this.#bytes && seconds < aimSeconds / 2) this.#bytes = Math.min(most, this.#bytes * 2);
    else if (seconds > aimSeconds * 2) this.#slower();
  }
  /** A request did not come through. */
  failed() {
    this.#slower();
  }
  /** Seconds after which a request with this many bytes is given up. */
  static patience(bytes) {
    return patienceSeconds + bytes / slowest;
  }
  #slower() {
    this.#bytes = Math.max(least, this.#bytes / 2);
  }
};

// files/row.ts
var acts = { waiting: ["pause"], sending: ["pause"], retrying: ["pause"], paused: ["resume"], failed: ["retry"], complete: [] };
var FileRow = class {
  #row;
  #upload;
  #most;
  #shown = "";
  constructor(view, upload, most2, act) {
    const copy = clone("file");
    this.#row = find(copy, "[data-file]", HTMLElement);
    this.#upload = upload;
    this.#most = most2;
    fillAll(copy, { name: upload.name, label: upload.name });
    slot(copy, "size").textContent = writtenSize(upload.size);
    for (const button of all(copy, "button[data-act]", HTMLButtonElement)) {
      button.addEventListener("click", () => act(button.dataset["act"]));
    }
    view.append(copy);
    this.update();
  }
  /** Whether one of its buttons has the focus. */
  get holdsFocus() {
    return this.#row.contains(document.activeElement);
  }
  /** Moves to its first button. */
  focus() {
    this.#buttons.find((button) => !button.hidden)?.focus();
  }
  /** Shows what has changed. */
  update() {
    const { state, failure, percent } = this.#upload;
    const now = `${state} ${failure ?? ""} ${percent}`;
    if (now === this.#shown) return;
    this.#shown = now;
    const pressed = this.#buttons.find((button) => button === document.activeElement);
    this.#row.dataset["file"] = state;
    find(this.#row, "progress", HTMLProgressElement).value = percent;
    slot(this.#row, "state").replaceChildren(sentenceOf(this.#upload, this.#most));
    const possible = ["remove", ...acts[state]];
    const beyond = failure === "too_large";
    for (const button of this.#buttons) show(button, possible.includes(button.dataset["act"] ?? "") && !(beyond && button.dataset["act"] === "retry"));
    if (pressed?.hidden) this.#focusSuccessor();
  }
  /** The button that was pressed has given its place to another. Where there is none, the row itself says what became of it; never Remove. */
  #focusSuccessor() {
    const next = this.#buttons.find((button) => !button.hidden && button.dataset["act"] !== "remove");
    if (next === void 0) this.#row.tabIndex = -1;
    (next ?? this.#row).focus();
  }
  /** Closes its buttons, or opens them again. */
  lock(locked) {
    for (const button of this.#buttons) button.disabled = locked;
  }
  remove() {
    this.#row.remove();
  }
  get #buttons() {
    return all(this.#row, "button[data-act]", HTMLButtonElement);
  }
};
var failureToldIn = /* @__PURE__ */ new WeakMap();
function tellNews(view, upload, most2, complete) {
  const place2 = maybe(view.parentElement ?? view, "[data-file-news]", HTMLElement);
  if (place2 === void 0) return;
  const failed = upload.state === "failed";
  const before = failureToldIn.get(place2);
  if (!failed && !complete && before !== void 0 && before !== upload) return;
  if (failed) failureToldIn.set(place2, upload);
  else failureToldIn.delete(place2);
  const news = failed ? failureOf(upload, most2) : complete ? sentence("file-news-complete") : "";
  if (place2.textContent !== news) place2.textContent = news;
}
function failureOf(upload, most2) {
  return sentence("file-news-failed", { name: upload.name, reason: plainText(sentenceOf(upload, most2)) });
}
function sentenceOf({ state, failure, percent }, most2) {
  const name = state === "failed" ? `file-failed-${failure ?? "refused"}` : `file-${state}`;
  return filled(name, { percent: String(percent), limit: writtenSize(most2) });
}

// shims/tus-js-base64.ts
var Base64 = void 0;

// shims/tus-url-parse.ts
var tus_url_parse_default = URL;

// node_modules/tus-js-client/lib/error.js
var DetailedError = class extends Error {
  constructor(message, causingErr = null, req = null, res = null) {
    super(message);
    this.originalRequest = req;
    this.originalResponse = res;
    this.causingError = causingErr;
    if (causingErr != null) {
      message += `, caused by ${causingErr.toString()}`;
    }
    if (req != null) {
      const requestId = req.getHeader("X-Request-ID") || "n/a";
      const method = req.getMethod();
      const url = req.getURL();
      const status = res ? res.getStatus() : "n/a";
      const body = res ? res.getBody() || "" : "n/a";
      message += `, originated from request (method: ${method}, url: ${url}, response code: ${status}, response text: ${body}, request id: ${requestId})`;
    }
    this.message = message;
  }
};
var error_default = DetailedError;

// node_modules/tus-js-client/lib/logger.js
var isEnabled = false;
function log(msg) {
  if (!isEnabled) return;
  console.log(msg);
}

// node_modules/tus-js-client/lib/uuid.js
function uuid() {
  return "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (c) => {
    const r = Math.random() * 16 | 0;
    const v = c === "x" ? r : r & 3 | 8;
    return v.toString(16);
  });
}

// node_modules/tus-js-client/lib/upload.js
var PROTOCOL_TUS_V1 = "tus-v1";
var PROTOCOL_IETF_DRAFT_03 = "ietf-draft-03";
var PROTOCOL_IETF_DRAFT_05 = "ietf-draft-05";
var defaultOptions = {
  endpoint: null,
  uploadUrl: null,
  metadata: {},
  metadataForPartialUploads: {},
  fingerprint: null,
  uploadSize: null,
  onProgress: null,
  onChunkComplete: null,
  onSuccess: null,
  onError: null,
  onUploadUrlAvailable: null,
  overridePatchMethod: false,
  headers: {},
  addRequestId: false,
  onBeforeRequest: null,
  onAfterResponse: null,
  onShouldRetry: defaultOnShouldRetry,
  chunkSize: Number.POSITIVE_INFINITY,
  retryDelays: [0, 1e3, 3e3, 5e3],
  parallelUploads: 1,
  parallelUploadBoundaries: null,
  storeFingerprintForResuming: true,
  removeFingerprintOnSuccess: false,
  uploadLengthDeferred: false,
  uploadDataDuringCreation: false,
  urlStorage: null,
  fileReader: null,
  httpStack: null,
  protocol: PROTOCOL_TUS_V1
};
var BaseUpload = class _BaseUpload {
  constructor(file, options) {
    if ("resume" in options) {
      console.log(
        "tus: The `resume` option has been removed in tus-js-client v2. Please use the URL storage API instead."
      );
    }
    this.options = options;
    this.options.chunkSize = Number(this.options.chunkSize);
    this._urlStorage = this.options.urlStorage;
    this.file = file;
    this.url = null;
    this._req = null;
    this._fingerprint = null;
    this._urlStorageKey = null;
    this._offset = null;
    this._aborted = false;
    this._size = null;
    this._source = null;
    this._retryAttempt = 0;
    this._retryTimeout = null;
    this._offsetBeforeRetry = 0;
    this._parallelUploads = null;
    this._parallelUploadUrls = null;
  }
  /**
   * Use the Termination extension to delete an upload from the server by sending a DELETE
   * request to the specified upload URL. This is only possible if the server supports the
   * Termination extension. If the `options.retryDelays` property is set, the method will
   * also retry if an error ocurrs.
   *
   * @param {String} url The upload's URL which will be terminated.
   * @param {object} options Optional options for influencing HTTP requests.
   * @return {Promise} The Promise will be resolved/rejected when the requests finish.
   */
  static terminate(url, options = {}) {
    const req = openRequest("DELETE", url, options);
    return sendRequest(req, null, options).then((res) => {
      if (res.getStatus() === 204) {
        return;
      }
      throw new error_default("tus: unexpected response while terminating upload", null, req, res);
    }).catch((err) => {
      if (!(err instanceof error_default)) {
        err = new error_default("tus: failed to terminate upload", err, req, null);
      }
      if (!shouldRetry(err, 0, options)) {
        throw err;
      }
      const delay = options.retryDelays[0];
      const remainingDelays = options.retryDelays.slice(1);
      const newOptions = {
        ...options,
        retryDelays: remainingDelays
      };
      return new Promise((resolve) => setTimeout(resolve, delay)).then(
        () => _BaseUpload.terminate(url, newOptions)
      );
    });
  }
  findPreviousUploads() {
    return this.options.fingerprint(this.file, this.options).then((fingerprint) => this._urlStorage.findUploadsByFingerprint(fingerprint));
  }
  resumeFromPreviousUpload(previousUpload) {
    this.url = previousUpload.uploadUrl || null;
    this._parallelUploadUrls = previousUpload.parallelUploadUrls || null;
    this._urlStorageKey = previousUpload.urlStorageKey;
  }
  start() {
    const { file } = this;
    if (!file) {
      this._emitError(new Error("tus: no file or stream to upload provided"));
      return;
    }
    if (![PROTOCOL_TUS_V1, PROTOCOL_IETF_DRAFT_03, PROTOCOL_IETF_DRAFT_05].includes(
      this.options.protocol
    )) {
      this._emitError(new Error(`tus: unsupported protocol ${this.options.protocol}`));
      return;
    }
    if (!this.options.endpoint && !this.options.uploadUrl && !this.url) {
      this._emitError(new Error("tus: neither an endpoint or an upload URL is provided"));
      return;
    }
    const { retryDelays: retryDelays2 } = this.options;
    if (retryDelays2 != null && Object.prototype.toString.call(retryDelays2) !== "[object Array]") {
      this._emitError(new Error("tus: the `retryDelays` option must either be an array or null"));
      return;
    }
    if (this.options.parallelUploads > 1) {
      for (const optionName of ["uploadUrl", "uploadSize", "uploadLengthDeferred"]) {
        if (this.options[optionName]) {
          this._emitError(
            new Error(`tus: cannot use the ${optionName} option when parallelUploads is enabled`)
          );
          return;
        }
      }
    }
    if (this.options.parallelUploadBoundaries) {
      if (this.options.parallelUploads <= 1) {
        this._emitError(
          new Error(
            "tus: cannot use the `parallelUploadBoundaries` option when `parallelUploads` is disabled"
          )
        );
        return;
      }
      if (this.options.parallelUploads !== this.options.parallelUploadBoundaries.length) {
        this._emitError(
          new Error(
            "tus: the `parallelUploadBoundaries` must have the same length as the value of `parallelUploads`"
          )
        );
        return;
      }
    }
    this.options.fingerprint(file, this.options).then((fingerprint) => {
      if (fingerprint == null) {
        log(
          "No fingerprint was calculated meaning that the upload cannot be stored in the URL storage."
        );
      } else {
        log(`Calculated fingerprint: ${fingerprint}`);
      }
      this._fingerprint = fingerprint;
      if (this._source) {
        return this._source;
      }
      return this.options.fileReader.openFile(file, this.options.chunkSize);
    }).then((source) => {
      this._source = source;
      if (this.options.uploadLengthDeferred) {
        this._size = null;
      } else if (this.options.uploadSize != null) {
        this._size = Number(this.options.uploadSize);
        if (Number.isNaN(this._size)) {
          this._emitError(new Error("tus: cannot convert `uploadSize` option into a number"));
          return;
        }
      } else {
        this._size = this._source.size;
        if (this._size == null) {
          this._emitError(
            new Error(
              "tus: cannot automatically derive upload's size from input. Specify it manually using the `uploadSize` option or use the `uploadLengthDeferred` option"
            )
          );
          return;
        }
      }
      if (this.options.parallelUploads > 1 || this._parallelUploadUrls != null) {
        this._startParallelUpload();
      } else {
        this._startSingleUpload();
      }
    }).catch((err) => {
      this._emitError(err);
    });
  }
  /**
   * Initiate the uploading procedure for a parallelized upload, where one file is split into
   * multiple request which are run in parallel.
   *
   * @api private
   */
  _startParallelUpload() {
    const totalSize = this._size;
    let totalProgress = 0;
    this._parallelUploads = [];
    const partCount = this._parallelUploadUrls != null ? this._parallelUploadUrls.length : this.options.parallelUploads;
    const parts = this.options.parallelUploadBoundaries ?? splitSizeIntoParts(this._source.size, partCount);
    if (this._parallelUploadUrls) {
      parts.forEach((part, index) => {
        part.uploadUrl = this._parallelUploadUrls[index] || null;
      });
    }
    this._parallelUploadUrls = new Array(parts.length);
    const uploads = parts.map((part, index) => {
      let lastPartProgress = 0;
      return this._source.slice(part.start, part.end).then(
        ({ value }) => new Promise((resolve, reject) => {
          const options = {
            ...this.options,
            // If available, the partial upload should be resumed from a previous URL.
            uploadUrl: part.uploadUrl || null,
            // We take manually care of resuming for partial uploads, so they should
            // not be stored in the URL storage.
            storeFingerprintForResuming: false,
            removeFingerprintOnSuccess: false,
            // Reset the parallelUploads option to not cause recursion.
            parallelUploads: 1,
            // Reset this option as we are not doing a parallel upload.
            parallelUploadBoundaries: null,
            metadata: this.options.metadataForPartialUploads,
            // Add the header to indicate the this is a partial upload.
            headers: {
              ...this.options.headers,
              "Upload-Concat": "partial"
            },
            // Reject or resolve the promise if the upload errors or completes.
            onSuccess: resolve,
            onError: reject,
            // Based in the progress for this partial upload, calculate the progress
            // for the entire final upload.
            onProgress: (newPartProgress) => {
              totalProgress = totalProgress - lastPartProgress + newPartProgress;
              lastPartProgress = newPartProgress;
              this._emitProgress(totalProgress, totalSize);
            },
            // Wait until every partial upload has an upload URL, so we can add
            // them to the URL storage.
            onUploadUrlAvailable: () => {
              this._parallelUploadUrls[index] = upload.url;
              if (this._parallelUploadUrls.filter((u) => Boolean(u)).length === parts.length) {
                this._saveUploadInUrlStorage();
              }
            }
          };
          const upload = new _BaseUpload(value, options);
          upload.start();
          this._parallelUploads.push(upload);
        })
      );
    });
    let req;
    Promise.all(uploads).then(() => {
      req = this._openRequest("POST", this.options.endpoint);
      req.setHeader("Upload-Concat", `final;${this._parallelUploadUrls.join(" ")}`);
      const metadata = encodeMetadata(this.options.metadata);
      if (metadata !== "") {
        req.setHeader("Upload-Metadata", metadata);
      }
      return this._sendRequest(req, null);
    }).then((res) => {
      if (!inStatusCategory(res.getStatus(), 200)) {
        this._emitHttpError(req, res, "tus: unexpected response while creating upload");
        return;
      }
      const location2 = res.getHeader("Location");
      if (location2 == null) {
        this._emitHttpError(req, res, "tus: invalid or missing Location header");
        return;
      }
      this.url = resolveUrl(this.options.endpoint, location2);
      log(`Created upload at ${this.url}`);
      this._emitSuccess(res);
    }).catch((err) => {
      this._emitError(err);
    });
  }
  /**
   * Initiate the uploading procedure for a non-parallel upload. Here the entire file is
   * uploaded in a sequential matter.
   *
   * @api private
   */
  _startSingleUpload() {
    this._aborted = false;
    if (this.url != null) {
      log(`Resuming upload from previous URL: ${this.url}`);
      this._resumeUpload();
      return;
    }
    if (this.options.uploadUrl != null) {
      log(`Resuming upload from provided URL: ${this.options.uploadUrl}`);
      this.url = this.options.uploadUrl;
      this._resumeUpload();
      return;
    }
    log("Creating a new upload");
    this._createUpload();
  }
  /**
   * Abort any running request and stop the current upload. After abort is called, no event
   * handler will be invoked anymore. You can use the `start` method to resume the upload
   * again.
   * If `shouldTerminate` is true, the `terminate` function will be called to remove the
   * current upload from the server.
   *
   * @param {boolean} shouldTerminate True if the upload should be deleted from the server.
   * @return {Promise} The Promise will be resolved/rejected when the requests finish.
   */
  abort(shouldTerminate) {
    if (this._parallelUploads != null) {
      for (const upload of this._parallelUploads) {
        upload.abort(shouldTerminate);
      }
    }
    if (this._req !== null) {
      this._req.abort();
    }
    this._aborted = true;
    if (this._retryTimeout != null) {
      clearTimeout(this._retryTimeout);
      this._retryTimeout = null;
    }
    if (!shouldTerminate || this.url == null) {
      return Promise.resolve();
    }
    return _BaseUpload.terminate(this.url, this.options).then(() => this._removeFromUrlStorage());
  }
  _emitHttpError(req, res, message, causingErr) {
    this._emitError(new error_default(message, causingErr, req, res));
  }
  _emitError(err) {
    if (this._aborted) return;
    if (this.options.retryDelays != null) {
      const shouldResetDelays = this._offset != null && this._offset > this._offsetBeforeRetry;
      if (shouldResetDelays) {
        this._retryAttempt = 0;
      }
      if (shouldRetry(err, this._retryAttempt, this.options)) {
        const delay = this.options.retryDelays[this._retryAttempt++];
        this._offsetBeforeRetry = this._offset;
        this._retryTimeout = setTimeout(() => {
          this.start();
        }, delay);
        return;
      }
    }
    if (typeof this.options.onError === "function") {
      this.options.onError(err);
    } else {
      throw err;
    }
  }
  /**
   * Publishes notification if the upload has been successfully completed.
   *
   * @param {object} lastResponse Last HTTP response.
   * @api private
   */
  _emitSuccess(lastResponse) {
    if (this.options.removeFingerprintOnSuccess) {
      this._removeFromUrlStorage();
    }
    if (typeof this.options.onSuccess === "function") {
      this.options.onSuccess({ lastResponse });
    }
  }
  /**
   * Publishes notification when data has been sent to the server. This
   * data may not have been accepted by the server yet.
   *
   * @param {number} bytesSent  Number of bytes sent to the server.
   * @param {number} bytesTotal Total number of bytes to be sent to the server.
   * @api private
   */
  _emitProgress(bytesSent, bytesTotal) {
    if (typeof this.options.onProgress === "function") {
      this.options.onProgress(bytesSent, bytesTotal);
    }
  }
  /**
   * Publishes notification when a chunk of data has been sent to the server
   * and accepted by the server.
   * @param {number} chunkSize  Size of the chunk that was accepted by the server.
   * @param {number} bytesAccepted Total number of bytes that have been
   *                                accepted by the server.
   * @param {number} bytesTotal Total number of bytes to be sent to the server.
   * @api private
   */
  _emitChunkComplete(chunkSize, bytesAccepted, bytesTotal) {
    if (typeof this.options.onChunkComplete === "function") {
      this.options.onChunkComplete(chunkSize, bytesAccepted, bytesTotal);
    }
  }
  /**
   * Create a new upload using the creation extension by sending a POST
   * request to the endpoint. After successful creation the file will be
   * uploaded
   *
   * @api private
   */
  _createUpload() {
    if (!this.options.endpoint) {
      this._emitError(new Error("tus: unable to create upload because no endpoint is provided"));
      return;
    }
    const req = this._openRequest("POST", this.options.endpoint);
    if (this.options.uploadLengthDeferred) {
      req.setHeader("Upload-Defer-Length", "1");
    } else {
      req.setHeader("Upload-Length", `${this._size}`);
    }
    const metadata = encodeMetadata(this.options.metadata);
    if (metadata !== "") {
      req.setHeader("Upload-Metadata", metadata);
    }
    let promise;
    if (this.options.uploadDataDuringCreation && !this.options.uploadLengthDeferred) {
      this._offset = 0;
      promise = this._addChunkToRequest(req);
    } else {
      if (this.options.protocol === PROTOCOL_IETF_DRAFT_03 || this.options.protocol === PROTOCOL_IETF_DRAFT_05) {
        req.setHeader("Upload-Complete", "?0");
      }
      promise = this._sendRequest(req, null);
    }
    promise.then((res) => {
      if (!inStatusCategory(res.getStatus(), 200)) {
        this._emitHttpError(req, res, "tus: unexpected response while creating upload");
        return;
      }
      const location2 = res.getHeader("Location");
      if (location2 == null) {
        this._emitHttpError(req, res, "tus: invalid or missing Location header");
        return;
      }
      this.url = resolveUrl(this.options.endpoint, location2);
      log(`Created upload at ${this.url}`);
      if (typeof this.options.onUploadUrlAvailable === "function") {
        this.options.onUploadUrlAvailable();
      }
      if (this._size === 0) {
        this._emitSuccess(res);
        this._source.close();
        return;
      }
      this._saveUploadInUrlStorage().then(() => {
        if (this.options.uploadDataDuringCreation) {
          this._handleUploadResponse(req, res);
        } else {
          this._offset = 0;
          this._performUpload();
        }
      });
    }).catch((err) => {
      this._emitHttpError(req, null, "tus: failed to create upload", err);
    });
  }
  /*
   * Try to resume an existing upload. First a HEAD request will be sent
   * to retrieve the offset. If the request fails a new upload will be
   * created. In the case of a successful response the file will be uploaded.
   *
   * @api private
   */
  _resumeUpload() {
    const req = this._openRequest("HEAD", this.url);
    const promise = this._sendRequest(req, null);
    promise.then((res) => {
      const status = res.getStatus();
      if (!inStatusCategory(status, 200)) {
        if (status === 423) {
          this._emitHttpError(req, res, "tus: upload is currently locked; retry later");
          return;
        }
        if (inStatusCategory(status, 400)) {
          this._removeFromUrlStorage();
        }
        if (!this.options.endpoint) {
          this._emitHttpError(
            req,
            res,
            "tus: unable to resume upload (new upload cannot be created without an endpoint)"
          );
          return;
        }
        this.url = null;
        this._createUpload();
        return;
      }
      const offset = Number.parseInt(res.getHeader("Upload-Offset"), 10);
      if (Number.isNaN(offset)) {
        this._emitHttpError(req, res, "tus: invalid or missing offset value");
        return;
      }
      const length = Number.parseInt(res.getHeader("Upload-Length"), 10);
      if (Number.isNaN(length) && !this.options.uploadLengthDeferred && this.options.protocol === PROTOCOL_TUS_V1) {
        this._emitHttpError(req, res, "tus: invalid or missing length value");
        return;
      }
      if (typeof this.options.onUploadUrlAvailable === "function") {
        this.options.onUploadUrlAvailable();
      }
      this._saveUploadInUrlStorage().then(() => {
        if (offset === length) {
          this._emitProgress(length, length);
          this._emitSuccess(res);
          return;
        }
        this._offset = offset;
        this._performUpload();
      });
    }).catch((err) => {
      this._emitHttpError(req, null, "tus: failed to resume upload", err);
    });
  }
  /**
   * Start uploading the file using PATCH requests. The file will be divided
   * into chunks as specified in the chunkSize option. During the upload
   * the onProgress event handler may be invoked multiple times.
   *
   * @api private
   */
  _performUpload() {
    if (this._aborted) {
      return;
    }
    let req;
    if (this.options.overridePatchMethod) {
      req = this._openRequest("POST", this.url);
      req.setHeader("X-HTTP-Method-Override", "PATCH");
    } else {
      req = this._openRequest("PATCH", this.url);
    }
    req.setHeader("Upload-Offset", `${this._offset}`);
    const promise = this._addChunkToRequest(req);
    promise.then((res) => {
      if (!inStatusCategory(res.getStatus(), 200)) {
        this._emitHttpError(req, res, "tus: unexpected response while uploading chunk");
        return;
      }
      this._handleUploadResponse(req, res);
    }).catch((err) => {
      if (this._aborted) {
        return;
      }
      this._emitHttpError(req, null, `tus: failed to upload chunk at offset ${this._offset}`, err);
    });
  }
  /**
   * _addChunktoRequest reads a chunk from the source and sends it using the
   * supplied request object. It will not handle the response.
   *
   * @api private
   */
  _addChunkToRequest(req) {
    const start2 = this._offset;
    let end = this._offset + this.options.chunkSize;
    req.setProgressHandler((bytesSent) => {
      this._emitProgress(start2 + bytesSent, this._size);
    });
    if (this.options.protocol === PROTOCOL_TUS_V1) {
      req.setHeader("Content-Type", "application/offset+octet-stream");
    } else if (this.options.protocol === PROTOCOL_IETF_DRAFT_05) {
      req.setHeader("Content-Type", "application/partial-upload");
    }
    if ((end === Number.POSITIVE_INFINITY || end > this._size) && !this.options.uploadLengthDeferred) {
      end = this._size;
    }
    return this._source.slice(start2, end).then(({ value, done }) => {
      const valueSize = value?.size ? value.size : 0;
      if (this.options.uploadLengthDeferred && done) {
        this._size = this._offset + valueSize;
        req.setHeader("Upload-Length", `${this._size}`);
      }
      const newSize = this._offset + valueSize;
      if (!this.options.uploadLengthDeferred && done && newSize !== this._size) {
        return Promise.reject(
          new Error(
            `upload was configured with a size of ${this._size} bytes, but the source is done after ${newSize} bytes`
          )
        );
      }
      if (value === null) {
        return this._sendRequest(req);
      }
      if (this.options.protocol === PROTOCOL_IETF_DRAFT_03 || this.options.protocol === PROTOCOL_IETF_DRAFT_05) {
        req.setHeader("Upload-Complete", done ? "?1" : "?0");
      }
      this._emitProgress(this._offset, this._size);
      return this._sendRequest(req, value);
    });
  }
  /**
   * _handleUploadResponse is used by requests that haven been sent using _addChunkToRequest
   * and already have received a response.
   *
   * @api private
   */
  _handleUploadResponse(req, res) {
    const offset = Number.parseInt(res.getHeader("Upload-Offset"), 10);
    if (Number.isNaN(offset)) {
      this._emitHttpError(req, res, "tus: invalid or missing offset value");
      return;
    }
    this._emitProgress(offset, this._size);
    this._emitChunkComplete(offset - this._offset, offset, this._size);
    this._offset = offset;
    if (offset === this._size) {
      this._emitSuccess(res);
      this._source.close();
      return;
    }
    this._performUpload();
  }
  /**
   * Create a new HTTP request object with the given method and URL.
   *
   * @api private
   */
  _openRequest(method, url) {
    const req = openRequest(method, url, this.options);
    this._req = req;
    return req;
  }
  /**
   * Remove the entry in the URL storage, if it has been saved before.
   *
   * @api private
   */
  _removeFromUrlStorage() {
    if (!this._urlStorageKey) return;
    this._urlStorage.removeUpload(this._urlStorageKey).catch((err) => {
      this._emitError(err);
    });
    this._urlStorageKey = null;
  }
  /**
   * Add the upload URL to the URL storage, if possible.
   *
   * @api private
   */
  _saveUploadInUrlStorage() {
    if (!this.options.storeFingerprintForResuming || !this._fingerprint || this._urlStorageKey !== null) {
      return Promise.resolve();
    }
    const storedUpload = {
      size: this._size,
      metadata: this.options.metadata,
      creationTime: (/* @__PURE__ */ new Date()).toString()
    };
    if (this._parallelUploads) {
      storedUpload.parallelUploadUrls = this._parallelUploadUrls;
    } else {
      storedUpload.uploadUrl = this.url;
    }
    return this._urlStorage.addUpload(this._fingerprint, storedUpload).then((urlStorageKey) => {
      this._urlStorageKey = urlStorageKey;
    });
  }
  /**
   * Send a request with the provided body.
   *
   * @api private
   */
  _sendRequest(req, body = null) {
    return sendRequest(req, body, this.options);
  }
};
function encodeMetadata(metadata) {
  return Object.entries(metadata).map(([key, value]) => `${key} ${Base64.encode(String(value))}`).join(",");
}
function inStatusCategory(status, category) {
  return status >= category && status < category + 100;
}
function openRequest(method, url, options) {
  const req = options.httpStack.createRequest(method, url);
  if (options.protocol === PROTOCOL_IETF_DRAFT_03) {
    req.setHeader("Upload-Draft-Interop-Version", "5");
  } else if (options.protocol === PROTOCOL_IETF_DRAFT_05) {
    req.setHeader("Upload-Draft-Interop-Version", "6");
  } else {
    req.setHeader("Tus-Resumable", "1.0.0");
  }
  const headers = options.headers || {};
  for (const [name, value] of Object.entries(headers)) {
    req.setHeader(name, value);
  }
  if (options.addRequestId) {
    const requestId = uuid();
    req.setHeader("X-Request-ID", requestId);
  }
  return req;
}
async function sendRequest(req, body, options) {
  if (typeof options.onBeforeRequest === "function") {
    await options.onBeforeRequest(req);
  }
  const res = await req.send(body);
  if (typeof options.onAfterResponse === "function") {
    await options.onAfterResponse(req, res);
  }
  return res;
}
function isOnline() {
  let online = true;
  if (typeof navigator !== "undefined" && navigator.onLine === false) {
    online = false;
  }
  return online;
}
function shouldRetry(err, retryAttempt, options) {
  if (options.retryDelays == null || retryAttempt >= options.retryDelays.length || err.originalRequest == null) {
    return false;
  }
  if (options && typeof options.onShouldRetry === "function") {
    return options.onShouldRetry(err, retryAttempt, options);
  }
  return defaultOnShouldRetry(err);
}
function defaultOnShouldRetry(err) {
  const status = err.originalResponse ? err.originalResponse.getStatus() : 0;
  return (!inStatusCategory(status, 400) || status === 409 || status === 423) && isOnline();
}
function resolveUrl(origin, link) {
  return new tus_url_parse_default(link, origin).toString();
}
function splitSizeIntoParts(totalSize, partCount) {
  const partSize = Math.floor(totalSize / partCount);
  const parts = [];
  for (let i = 0; i < partCount; i++) {
    parts.push({
      start: partSize * i,
      end: partSize * (i + 1)
    });
  }
  parts[partCount - 1].end = totalSize;
  return parts;
}
BaseUpload.defaultOptions = defaultOptions;
var upload_default = BaseUpload;

// files/failure.ts
function failureOf2(error) {
  const { causingError, originalResponse } = error;
  const own2 = error instanceof QuietlineError ? error : causingError;
  if (own2 instanceof QuietlineError) return own2.code === "changed" || own2.code === "unreadable" ? own2.code : "refused";
  switch (originalResponse?.getStatus()) {
    case 401:
    case 403:
      return "denied";
    case 404:
    case 410:
      return "unknown";
    case 413:
      return "too_large";
    case 507:
      return "no_room";
    default:
      return "refused";
  }
}

// files/reader.ts
var Reader = class {
  size;
  #source;
  #place = new Uint8Array(0);
  #next;
  constructor(source) {
    this.#source = source;
    this.size = source.length;
  }
  async slice(start2, end) {
    const next = this.#next;
    this.#next = void 0;
    const bytes = await (next?.start === start2 && next.end === end ? next.bytes : this.#sealed(start2, end));
    const value = new Blob([bytes]);
    if (end < this.size) this.#prepare(end, Math.min(this.size, end + (end - start2)));
    return { value, done: end >= this.size };
  }
  close() {
    this.#next = void 0;
    this.#place = new Uint8Array(0);
  }
  #prepare(start2, end) {
    const bytes = this.#sealed(start2, end);
    bytes.catch(() => void 0);
    this.#next = { start: start2, end, bytes };
  }
  /** In one array for all: what is sent is a copy, and what was not asked for is never looked at again. */
  #sealed(start2, end) {
    if (this.#place.length < end - start2) this.#place = new Uint8Array(end - start2);
    return this.#source.slice(start2, end, this.#place);
  }
};

// files/sealer.ts
var FileChanged = class extends QuietlineError {
  code = "changed";
};
var FileUnreadable = class extends QuietlineError {
  code = "unreadable";
};
var together2 = 8;
var SealedSource = class _SealedSource {
  /** Bytes of the sealed file. */
  length;
  #file;
  #size;
  #beginning;
  #plaintextLength;
  #chunks;
  // The tag of each chunk that was sealed: under one key and nonce, a chunk may be sealed again, but never to anything else.
  #tags;
  #sealed;
  #hash = sha256.create();
  #hashed = 0;
  #digest;
  // The chunk that the last range ended in: the next one mostly begins with it.
  #edge;
  #readBefore = false;
  #reading;
  // One for all that is read: a long file would otherwise leave more behind than browsers collect in time.
  #plaintext = new Uint8Array(together2 * chunkLength);
  #turn = Promise.resolve();
  constructor(file, beginning) {
    this.#file = file;
    this.#size = file.size;
    this.#beginning = beginning;
    this.#plaintextLength = attachmentClass(this.#size);
    this.#chunks = Math.ceil(this.#plaintextLength / chunkLength);
    this.#tags = new Uint8Array(this.#chunks * tagLength);
    this.#sealed = new Uint8Array(this.#chunks);
    this.length = beginning.bytes.length + this.#plaintextLength + this.#chunks * tagLength;
  }
  /** Draws keys for `file`. RecipientError unless `recipients` are 1 to 64 hybrid ones. Nothing of the file is read yet. */
  static async make(file, recipients) {
    return new _SealedSource(file, await beginSeal(recipients));
  }
  /**
   * The bytes from `start` up to `end` of the sealed file; put into `place` where there is one that is long enough. FileChanged,
   * FileUnreadable.
   */
  async slice(start2, end, place2) {
    return this.#inTurn(() => this.#range(start2, Math.min(end, this.length), place2));
  }
  /** SHA-256 of the file itself. What no range has asked for yet is read now. FileChanged, FileUnreadable. */
  async sha256() {
    return this.#inTurn(async () => {
      const held2 = Math.ceil(this.#size / chunkLength);
      const place2 = new Uint8Array(sealedChunkLength);
      while (this.#hashed < held2) await this.#group(this.#hashed, Math.min(this.#hashed + together2, held2), () => place2);
      return this.#digest ??= this.#hash.digest();
    });
  }
  async #inTurn(act) {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => void 0);
    return turn;
  }
  async #range(start2, end, into) {
    const length = Math.max(0, end - start2);
    const range = into !== void 0 && into.length >= length ? into.subarray(0, length) : new Uint8Array(length);
    const { bytes } = this.#beginning;
    if (start2 < bytes.length) range.set(bytes.subarray(start2, end));
    const first = Math.max(0, Math.floor((start2 - bytes.length) / sealedChunkLength));
    const after = Math.min(this.#chunks, Math.ceil((end - bytes.length) / sealedChunkLength));
    const place2 = (index) => this.#placeOf(index, range, start2);
    const put2 = (index, sealed) => this.#put(index, sealed, range, start2);
    for (let index = first < after ? this.#fromEdge(first, range, start2) : after; index < after; index += together2) {
      await this.#group(index, Math.min(index + together2, after), place2, put2);
    }
    return range;
  }
  /** Where a chunk that lies wholly inside the range is sealed to, at once; any other gets a place of its own. */
  #placeOf(index, range, start2) {
    const at = this.#positionOf(index) - start2;
    const length = this.#lengthOf(index) + tagLength;
    return at >= 0 && at + length <= range.length ? range.subarray(at, at + length) : new Uint8Array(length);
  }
  /** Copies what the range has of a chunk that has a place of its own, and keeps that chunk. */
  #put(index, sealed, range, start2) {
    if (sealed.buffer === range.buffer) return;
    const at = this.#positionOf(index) - start2;
    range.set(sealed.subarray(Math.max(0, -at), range.length - at), Math.max(0, at));
    this.#edge = { index, bytes: sealed };
  }
  /** The first chunk that is still to be sealed for a range beginning in chunk `first`. */
  #fromEdge(first, range, start2) {
    const edge = this.#edge;
    if (edge?.index !== first) return first;
    this.#put(first, edge.bytes, range, start2);
    return first + 1;
  }
  #positionOf(index) {
    return this.#beginning.bytes.length + index * sealedChunkLength;
  }
  /** Plaintext bytes of a chunk. */
  #lengthOf(index) {
    return Math.min(chunkLength, this.#plaintextLength - index * chunkLength);
  }
  /** Seals the chunks from `from` up to `to` into the places given for them, and hands each over. */
  async #group(from, to, place2, done) {
    const plaintext = await this.#read(from * chunkLength, Math.min(to * chunkLength, this.#plaintextLength));
    for (let index = from; index < to; index++) {
      const chunk = plaintext.subarray((index - from) * chunkLength).subarray(0, this.#lengthOf(index));
      const sealed = place2(index).subarray(0, chunk.length + tagLength);
      this.#seal(index, chunk, sealed);
      litter();
      done?.(index, sealed);
    }
  }
  #seal(index, chunk, sealed) {
    sealChunk(this.#beginning.payloadKey, index, index === this.#chunks - 1, chunk, sealed);
    const tag = sealed.subarray(chunk.length);
    const known = this.#tags.subarray(index * tagLength, (index + 1) * tagLength);
    if (this.#sealed[index] === 1 && !equal(tag, known)) throw new FileChanged();
    this.#sealed[index] = 1;
    known.set(tag);
    if (index !== this.#hashed || this.#digest !== void 0) return;
    this.#hash.update(chunk.subarray(0, Math.max(0, this.#size - index * chunkLength)));
    this.#hashed++;
  }
  /** Plaintext from `from` up to `to`: the file, then zeros. Good until the next call. */
  async #read(from, to) {
    const wanted = Math.max(0, Math.min(to, this.#size) - from);
    let read;
    try {
      read = wanted === 0 ? 0 : await this.#fill(from, wanted);
    } catch {
      this.#plaintext = new Uint8Array(together2 * chunkLength);
      throw this.#readBefore ? new FileChanged() : new FileUnreadable();
    }
    if (read !== wanted) throw new FileChanged();
    this.#readBefore = true;
    return this.#plaintext.subarray(0, to - from).fill(0, wanted);
  }
  /** Reads into the one array for plaintext; gives how many bytes came. */
  async #fill(from, wanted) {
    const reader = await this.#readerAt(from);
    if (reader === void 0) {
      const bytes = new Uint8Array(await this.#file.slice(from, from + wanted).arrayBuffer());
      this.#plaintext.set(bytes);
      return bytes.length;
    }
    let read = 0;
    while (read < wanted) {
      const { value, done } = await reader.read(this.#plaintext.subarray(read, wanted));
      if (value !== void 0) this.#plaintext = new Uint8Array(value.buffer);
      read += value?.length ?? 0;
      if (done) break;
    }
    this.#reading = { reader, at: from + read };
    return read;
  }
  /** A reader that goes on where the last read ended, if that is `from`; else one that begins there. */
  async #readerAt(from) {
    const reading = this.#reading;
    this.#reading = void 0;
    if (reading?.at === from) return reading.reader;
    await reading?.reader.cancel().catch(() => void 0);
    return fillingReader(this.#file.slice(from).stream());
  }
};

// files/stack.ts
var FetchStack = class {
  #place;
  #pace;
  #open = /* @__PURE__ */ new Set();
  #stopped = false;
  constructor(place2, pace) {
    this.#place = place2;
    this.#pace = pace;
  }
  getName() {
    return "fetch";
  }
  createRequest(method, url) {
    return new FetchRequest(method, url, (body, headers) => this.#send(method, url, body, headers));
  }
  /** Cuts what is on its way. */
  stop() {
    this.#stopped = true;
    for (const controller of this.#open) controller.abort();
  }
  async #send(method, url, body, headers) {
    if (this.#stopped) return never();
    const began = performance.now();
    try {
      const response = await this.#ask(method, url, body, headers);
      if (this.#stopped) return never();
      if (body !== void 0 && response.getStatus() < 300) this.#pace.took(body.size, (performance.now() - began) / 1e3);
      return response;
    } catch (error) {
      if (this.#stopped) return never();
      if (body !== void 0) this.#pace.failed();
      throw error;
    }
  }
  async #ask(method, url, body, headers) {
    for (const [name, value] of Object.entries(this.#place.headers?.() ?? {})) headers.set(name, value);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Pace.patience(body?.size ?? 0) * 1e3);
    this.#open.add(controller);
    try {
      const { signal } = controller;
      const { credentials } = this.#place;
      const init = { method, headers, credentials, signal, cache: "no-store", redirect: "error" };
      return new Answer(await fetch(url, body === void 0 ? init : { ...init, body }));
    } finally {
      clearTimeout(timer);
      this.#open.delete(controller);
    }
  }
};
var FetchRequest = class {
  #method;
  #url;
  #headers = new Headers();
  #act;
  constructor(method, url, act) {
    this.#method = method;
    this.#url = url;
    this.#act = act;
  }
  getMethod() {
    return this.#method;
  }
  getURL() {
    return this.#url;
  }
  setHeader(header, value) {
    this.#headers.set(header, value);
  }
  getHeader(header) {
    return this.#headers.get(header) ?? void 0;
  }
  /** `fetch` does not tell how much of a request has gone. */
  setProgressHandler() {
  }
  async send(body) {
    return this.#act(body instanceof Blob ? body : void 0, this.#headers);
  }
  /** A run is stopped as a whole. */
  async abort() {
  }
  getUnderlyingObject() {
    return void 0;
  }
};
var Answer = class {
  #response;
  constructor(response) {
    this.#response = response;
  }
  getStatus() {
    return this.#response.status;
  }
  getHeader(header) {
    return this.#response.headers.get(header) ?? void 0;
  }
  /** Never read: it would end up in an error's message. */
  getBody() {
    return "";
  }
  getUnderlyingObject() {
    return void 0;
  }
};
function never() {
  return new Promise(() => {
  });
}

// files/upload.ts
var retryDelays = [500, 1e3, 2e3, 5e3, 1e4, 2e4, ...new Array(6e3).fill(3e4)];
var mostBeginnings = 3;
var Upload = class {
  name;
  type;
  size;
  #order;
  #state = "waiting";
  #failure;
  #source;
  #digest;
  #url;
  #sent = 0;
  #run;
  #beginnings = 0;
  #online = () => this.#cameBack();
  constructor(order) {
    this.#order = order;
    this.name = cleanName(order.file.name);
    this.type = cleanType(order.file.type);
    this.size = order.file.size;
    if (this.size > order.most) this.#fail("too_large");
  }
  get state() {
    return this.#state;
  }
  /** Why, while the state is `failed`. */
  get failure() {
    return this.#failure;
  }
  /** Percent of the sealed bytes that the server has, as a whole number. */
  get percent() {
    if (this.#state === "complete") return 100;
    return this.#source === void 0 ? 0 : Math.floor(100 * this.#sent / this.#source.length);
  }
  /** The server's name for it, once there is one. */
  get id() {
    const last = this.#url?.split("/").pop() ?? "";
    return isId(last) ? last : void 0;
  }
  /** What the message says of the file; nothing until it is complete. */
  manifest() {
    const { id, name, type: type2, size } = this;
    const sha2562 = this.#digest;
    return this.#state === "complete" && id !== void 0 && sha2562 !== void 0 ? { id, name, type: type2, size, sha256: sha2562 } : void 0;
  }
  /** Begins, or goes on. */
  start() {
    if (this.#state === "sending" || this.#state === "retrying" || this.#state === "complete" || this.size > this.#order.most) return;
    this.#failure = void 0;
    addEventListener("online", this.#online);
    this.#become("sending");
    void this.#begin();
  }
  /** Stops until `resume`. The server keeps what it has. */
  pause() {
    if (this.#state === "failed" || this.#state === "complete") return;
    this.#stop();
    this.#become("paused");
  }
  /** From pause back into the queue. */
  resume() {
    if (this.#state === "paused") this.#become("waiting");
  }
  /** After a failure, back into the queue. A file that has changed, or that the server would not have, is sealed anew. */
  retry() {
    if (this.#state !== "failed" || this.size > this.#order.most) return;
    if (this.#failure === "changed" || this.#failure === "refused") this.#forget();
    this.#beginnings = 0;
    this.#failure = void 0;
    this.#become("waiting");
  }
  /** Ends it, and lets go of the file. With `remove` the server is asked to delete what it has; nobody waits for that. */
  end(remove) {
    this.#stop();
    if (remove) this.#remove();
    this.#forget();
    this.#failure = void 0;
    this.#state = "paused";
  }
  async #begin() {
    const before = this.#run;
    try {
      this.#source ??= await SealedSource.make(this.#order.file, this.#order.recipients);
    } catch {
      this.#fail("refused");
      return;
    }
    if (this.#state === "sending" && this.#run === before) this.#go(this.#source);
  }
  #go(source) {
    const stack = new FetchStack(this.#order.place, this.#order.pace);
    const tus = new upload_default(source, this.#options(source, stack));
    this.#run = { tus, stack };
    tus.start();
  }
  #options(source, stack) {
    const { place: place2, pace } = this.#order;
    return {
      ...upload_default.defaultOptions,
      // Where it is known, it is never begun a second time: only asked how far it has come.
      ...this.#url === void 0 ? { endpoint: new URL(place2.endpoint, location.href).href } : { uploadUrl: this.#url },
      chunkSize: pace.bytes,
      retryDelays: [...retryDelays],
      storeFingerprintForResuming: false,
      fingerprint: () => Promise.resolve(""),
      httpStack: stack,
      fileReader: { openFile: () => Promise.resolve(new Reader(source)) },
      onUploadUrlAvailable: () => this.#known(stack),
      onChunkComplete: (_, sent) => this.#came(stack, sent),
      onSuccess: () => void this.#finish(stack, source),
      onShouldRetry: (error) => this.#shouldRetry(stack, error),
      onError: (error) => this.#failed(stack, error)
    };
  }
  /** The run that these requests belong to, unless it was left. */
  #runOf(stack) {
    return this.#run?.stack === stack ? this.#run : void 0;
  }
  #known(stack) {
    const run = this.#runOf(stack);
    if (run === void 0) return;
    this.#url = run.tus.url ?? void 0;
    run.tus.options.endpoint = null;
    this.#become("sending");
  }
  #came(stack, sent) {
    const run = this.#runOf(stack);
    if (run === void 0) return;
    run.tus.options.chunkSize = this.#order.pace.bytes;
    this.#sent = sent;
    this.#become("sending");
  }
  async #finish(stack, source) {
    if (this.#runOf(stack) === void 0) return;
    try {
      this.#digest = await source.sha256();
    } catch (error) {
      this.#failed(stack, error);
      return;
    }
    if (this.#runOf(stack) === void 0) return;
    if (this.id === void 0) {
      this.#fail("refused");
      return;
    }
    this.#stop();
    this.#source = void 0;
    this.#become("complete");
  }
  #shouldRetry(stack, error) {
    if (this.#runOf(stack) === void 0 || error.causingError instanceof QuietlineError) return false;
    const status = error.originalResponse?.getStatus() ?? 0;
    const again = status === 0 || status >= 500 && status !== 507 || [408, 409, 423, 429, 460].includes(status);
    if (again) this.#become("retrying");
    return again;
  }
  #failed(stack, error) {
    if (this.#runOf(stack) === void 0) return;
    const failure = failureOf2(error);
    if (failure === "unknown" && this.#beginnings < mostBeginnings) this.#beginAnew();
    else this.#fail(failure === "unknown" ? "refused" : failure);
  }
  /** The server does not know it any more: the same sealed bytes once more, from the first. */
  #beginAnew() {
    this.#stop();
    this.#beginnings++;
    this.#url = void 0;
    this.#sent = 0;
    this.#state = "waiting";
    this.start();
  }
  #fail(failure) {
    this.#stop();
    this.#failure = failure;
    this.#become("failed");
  }
  /** The browser says that it is online again: no need to wait for the next try. */
  #cameBack() {
    if (this.#state !== "retrying") return;
    this.#stop();
    this.#state = "waiting";
    this.start();
  }
  #stop() {
    removeEventListener("online", this.#online);
    const run = this.#run;
    this.#run = void 0;
    run?.stack.stop();
    void run?.tus.abort();
  }
  #remove() {
    if (this.#url === void 0) return;
    const stack = new FetchStack(this.#order.place, this.#order.pace);
    const onShouldRetry = (error) => (error.originalResponse?.getStatus() ?? 0) === 0;
    upload_default.terminate(this.#url, { httpStack: stack, retryDelays: retryDelays.slice(0, 8), onShouldRetry }).catch(() => void 0);
  }
  #forget() {
    this.#source = void 0;
    this.#digest = void 0;
    this.#url = void 0;
    this.#sent = 0;
  }
  #become(state) {
    this.#state = state;
    this.#order.changed();
  }
};

// files/filelist.ts
var atOnce = 2;
var FileList = class {
  #options;
  #pace = new Pace();
  #entries = [];
  #locked = false;
  #held = false;
  constructor(options) {
    this.#options = options;
  }
  get count() {
    return this.#entries.length;
  }
  /** How many are not complete. */
  get unfinished() {
    return this.#entries.filter(({ upload }) => upload.state !== "complete").length;
  }
  /** Whether one of them will not become complete by itself. */
  get stuck() {
    return this.#entries.some(({ upload }) => upload.state === "failed" || upload.state === "paused");
  }
  /** Whether the server wants somebody to log in before it takes more. */
  get denied() {
    return this.#entries.some(({ upload }) => upload.failure === "denied");
  }
  /** Whether a message can be sent with these files; so it is where there are none. */
  get complete() {
    return this.unfinished === 0;
  }
  /** What the message says of its files. Only where all are complete: throws otherwise, so that no message goes without one of its files. */
  manifest() {
    return this.#entries.map(({ upload }) => {
      const attachment = upload.manifest();
      if (attachment === void 0) throw new Error("unfinished");
      return attachment;
    });
  }
  /** The server's names for them, in the same order. */
  get ids() {
    return this.manifest().map(({ id }) => id);
  }
  /** Takes files in, and begins with them. Gives how many there was no room for in one message. */
  add(files) {
    const chosen = [...files];
    const room = this.#locked ? 0 : limits.attachments - this.#entries.length;
    const added = chosen.slice(0, room).map((file) => this.#entry(file));
    this.#entries = [...this.#entries, ...added];
    this.#putBack();
    this.#next();
    this.#options.changed();
    return chosen.length - added.length;
  }
  /** While a message is on its way, or may have arrived, its files stay as they are. */
  lock(locked) {
    this.#locked = locked;
    this.#options.input.disabled = locked;
    for (const { rows } of this.#entries) for (const row of rows) row.lock(locked);
  }
  /** While held, nothing is sent. Afterwards everything that was going on goes on from where it was, and what was denied is tried again. */
  hold(held2) {
    this.#held = held2;
    for (const { upload } of this.#entries) {
      if (held2 && (upload.state === "sending" || upload.state === "retrying")) {
        upload.pause();
        upload.resume();
      }
      if (!held2 && upload.failure === "denied") upload.retry();
    }
    this.#next();
  }
  /** Seals and sends every file once more: to other recipients, or because the server has lost some. What it has is left to its sweeping. */
  restart() {
    const files = this.#entries.map(({ file }) => file);
    this.#drop(this.#entries, false);
    this.#entries = files.map((file) => this.#entry(file));
    this.#putBack();
    this.#next();
    this.#options.changed();
  }
  /** Forgets every file; with `remove`, the server is asked to delete what it has of them. */
  clear(remove = false) {
    this.#drop(this.#entries, remove);
    this.#entries = [];
    this.#putBack();
    this.#options.changed();
  }
  #entry(file) {
    const { place: place2, most: most2, recipients } = this.#options;
    let entry;
    const changed = () => entry && this.#changed(entry);
    const upload = new Upload({ file, recipients: recipients(), place: place2, pace: this.#pace, most: most2, changed });
    const rows = this.#options.views.map((view) => new FileRow(view, upload, most2, (act) => entry && this.#act(entry, act)));
    entry = { file, upload, rows };
    for (const row of rows) row.lock(this.#locked);
    return entry;
  }
  #changed(entry) {
    if (!this.#entries.includes(entry)) return;
    for (const row of entry.rows) row.update();
    for (const view of this.#options.views) tellNews(view, entry.upload, this.#options.most, this.complete);
    this.#next();
    this.#options.changed();
  }
  #act(entry, act) {
    if (this.#locked) return;
    if (act === "remove") this.#remove(entry);
    else entry.upload[act]();
    this.#next();
  }
  #remove(entry) {
    const at = this.#entries.indexOf(entry);
    const held2 = entry.rows.findIndex((row) => row.holdsFocus);
    this.#drop([entry], true);
    this.#entries = this.#entries.filter((each) => each !== entry);
    this.#putBack();
    const neighbour = this.#entries[Math.min(at, this.#entries.length - 1)];
    if (held2 >= 0 && neighbour !== void 0) neighbour.rows[held2]?.focus();
    else if (held2 === 0) this.#options.input.focus();
    this.#options.changed();
  }
  #drop(entries, remove) {
    for (const { upload, rows } of entries) {
      upload.end(remove);
      for (const row of rows) row.remove();
    }
  }
  /** Begins with those that wait, in order, as far as there is room. */
  #next() {
    if (this.#held) return;
    for (const { upload } of this.#entries) {
      const busy = this.#entries.filter(({ upload: { state } }) => state === "sending" || state === "retrying").length;
      if (busy >= atOnce) return;
      if (upload.state === "waiting") upload.start();
    }
  }
  /** The field holds what the list holds, so that the server's way would carry the same files, and Remove removes them there too. */
  #putBack() {
    putFiles(this.#options.input, this.#entries.map(({ file }) => file));
  }
};

// desk/attaching.ts
var Attaching = class {
  #place;
  #input;
  #list;
  #surroundings;
  #recipients;
  #sealedTo = [];
  #open = false;
  #locked = false;
  #changed = () => {
  };
  constructor(form, surroundings) {
    this.#place = find(form, "[data-attach]", HTMLElement);
    this.#input = find(this.#place, "input[type=file]", HTMLInputElement);
    this.#surroundings = surroundings;
    this.#list = new FileList({
      input: this.#input,
      views: all(this.#place, "[data-file-rows]", HTMLElement),
      place: { endpoint: given("uploads", this.#place), credentials: "same-origin", headers: formToken },
      most: Number(given("most", this.#place)),
      recipients: () => this.#sealedTo,
      changed: () => this.#listChanged()
    });
    this.#input.addEventListener("change", () => this.#add());
    this.#close();
  }
  get count() {
    return this.#list.count;
  }
  get manifest() {
    return this.#list.manifest();
  }
  /** The keys are open. Files that were sealed to others than the message will be now are sealed anew; `undefined`: nobody to seal to. */
  open(recipients) {
    this.#open = recipients !== void 0;
    this.#recipients = recipients;
    this.#close();
    if (recipients === void 0) return;
    this.#list.hold(false);
    this.#follow();
  }
  /** The keys are closed: what was chosen stays, and nothing is sent. */
  hold() {
    this.#open = false;
    this.#list.hold(true);
    this.#close();
    this.#changed();
  }
  /** While a message is on its way, or may have arrived, its files stay. */
  lock(locked) {
    this.#locked = locked;
    this.#list.lock(locked);
    this.#close();
  }
  /** Seals and sends every file once more; while nobody knows to whom, as soon as that is known. */
  again() {
    this.#sealedTo = this.#recipients ?? [];
    if (this.#recipients !== void 0) this.#list.restart();
  }
  /** The message has gone, and its files with it. */
  clear() {
    this.#list.clear();
  }
  /** Waits until every file is on the server. `waiting` is told how many are not. */
  async ready(waiting) {
    for (; ; ) {
      this.#follow();
      if (this.#list.complete) return void 0;
      if (!this.#open) return this.#recipients === void 0 ? "readers" : "locked";
      if (this.#list.stuck) return "files_stuck";
      waiting(this.#list.unfinished);
      await new Promise((resolve) => {
        this.#changed = resolve;
      });
    }
  }
  /**
   * Files go with a message to the readers of that message and to nobody else. The channel's keys may have changed since they were
   * sealed, even while a message was on its way: then they are sealed anew, as soon as they may change.
   */
  #follow() {
    if (this.#locked || this.#recipients === void 0 || same(this.#recipients, this.#sealedTo)) return;
    if (this.count > 0) this.again();
    else this.#sealedTo = this.#recipients;
  }
  #add() {
    if (this.#recipients === void 0) return;
    const chosen = [...this.#input.files ?? []];
    this.#follow();
    const left = this.#list.add(chosen);
    const sentence2 = find(this.#place, "[data-too-many]", HTMLElement);
    fill(sentence2, "left", String(left));
    show(sentence2, left > 0);
  }
  #listChanged() {
    this.#changed();
    if (this.#open && this.#list.denied) this.#surroundings.sessionOver();
  }
  /** Nothing is chosen while nobody knows whom it would be sealed to. */
  #close() {
    this.#input.disabled = this.#locked || this.#recipients === void 0 || !this.#open;
  }
};
function same(one, other) {
  return one.length === other.length && one.every((recipient, at) => recipient === other[at]);
}

// desk/writing.ts
var Writing = class {
  kind;
  form;
  area;
  files;
  #case;
  #suggested = "";
  #delivery;
  /** What was sealed and may have arrived: no other seal of the same text is made while nobody knows. */
  #pending;
  #busy = false;
  constructor(form, own2) {
    this.form = form;
    this.kind = form.dataset["kind"] === "note" ? "note" : "message";
    this.area = find(form, "textarea", HTMLTextAreaElement);
    this.#case = own2;
    this.files = new Attaching(form, own2);
    this.#delivery = this.#newDelivery();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
    this.area.addEventListener("input", () => {
      working(this.form);
      this.#count();
    });
  }
  /** Whether leaving the page would lose something. */
  get holdsDraft() {
    const written = this.area.value.trim() !== "" && this.area.value !== this.#suggested;
    return written || this.#busy || this.#pending !== void 0 || this.files.count > 0;
  }
  /** Puts in a text to begin with, where nothing is written yet. */
  suggest(text) {
    if (this.area.value === "") this.area.value = text;
    this.#suggested = text;
  }
  /** Looks for what may have arrived in a conversation that was fetched anew: what is listed there, to the byte, has been sent. */
  async settle(listed, state) {
    const pending = this.#pending;
    if (pending === void 0 || this.#busy) return;
    const found = listed.find(({ id, sealed }) => id === pending.id && sealed === pending.sealed);
    if (found === void 0) return fail(this.form, "network");
    await this.#sent(pending, { number: found.number, day: found.day, state });
    this.#released(void 0);
  }
  async #submit() {
    this.#busy = true;
    clear(this.form);
    let failed = "other";
    try {
      failed = await this.#send();
    } finally {
      this.#busy = false;
      this.#released(failed);
    }
  }
  #released(failed) {
    working(this.form, failed === void 0 ? "sent" : void 0);
    this.area.readOnly = this.#pending !== void 0;
    this.files.lock(this.#pending !== void 0);
    if (failed === void 0) return;
    if (failed === "attachments") this.files.again();
    fail(this.form, failed, failed === "empty" || failed === "too_long" ? this.area : void 0);
    if (failed === "locked") this.#case.sessionOver();
  }
  /** Seals, or takes what was sealed and not answered, and sends it. Gives the code of what went wrong. */
  async #send() {
    const composed = this.#pending ?? await this.#compose();
    if (typeof composed === "string") return composed;
    working(this.form, "sending");
    const outcome = await this.#delivery.send(async () => composed.text);
    this.#pending = this.#delivery.uncertain ? composed : void 0;
    if (outcome.kind === "stored") return this.#sent(composed, outcome.value);
    return outcome.kind === "unknown" ? "network" : outcome.code;
  }
  async #compose() {
    const body = cleanText(this.area.value);
    if (body === "") return "empty";
    if (characters(body) > limits.body_characters) return "too_long";
    this.area.readOnly = true;
    const notReady = await this.files.ready((left) => this.#wait(left));
    if (notReady !== void 0) return notReady;
    this.files.lock(true);
    working(this.form, "sealing");
    return this.#case.compose({ kind: this.kind, body, attachments: this.files.manifest });
  }
  #wait(left) {
    working(this.form, "waiting");
    refill(this.form, "files-left", String(left));
  }
  async #sent(composed, stored) {
    this.#pending = void 0;
    this.#delivery = this.#newDelivery();
    this.area.value = "";
    this.files.lock(false);
    this.files.clear();
    this.#suggested = "";
    this.#busy = false;
    this.#count();
    await this.#case.stored(composed, stored);
  }
  #newDelivery() {
    return new Delivery(async (text) => told(await postAgain(this.#case.postTo, text)), readStored);
  }
  #count() {
    const count = maybe(this.form, "[data-count]", HTMLElement);
    if (count === void 0) return;
    const used = this.area.value.length < limits.count_shown_from ? 0 : characters(this.area.value);
    show(count, used >= limits.count_shown_from);
    refill(count, "used", String(used));
    refill(count, "most", String(limits.body_characters));
  }
};
function refill(scope, name, text) {
  if (slots(scope, name).some(({ textContent }) => textContent !== text)) fill(scope, name, text);
}
function readStored(body) {
  return { number: integerOf(body, "number", 1), day: textThat(body, "day", isDay), state: textOf(body, "state") };
}
function told(answer2) {
  if (answer2.ok || answer2.code === "") return answer2;
  if (sessionEnded(answer2)) return { ...answer2, code: "locked" };
  if (answer2.status === 413) return { ...answer2, code: "too_long" };
  return answer2.status === 400 ? { ...answer2, code: "sealed" } : answer2;
}

// desk/removal.ts
function removable({ kind, number, mark, payload, problems }) {
  if (number === 1 || mark === "removed" || problems.includes("removed")) return false;
  return kind === "message" || kind === "note" && payload?.removed === void 0;
}
var Removal = class {
  element;
  #target;
  #kind;
  #case;
  #form;
  #reason;
  #delivery;
  #pending;
  #busy = false;
  constructor(target, own2) {
    this.#target = removalOf(target);
    this.#kind = target.kind === "note" ? "note" : "removed";
    this.#case = own2;
    this.element = find(clone(target.kind === "note" ? "removal-note" : "removal"), "details", HTMLDetailsElement);
    this.#form = find(this.element, "form", HTMLFormElement);
    this.#reason = find(this.#form, "textarea", HTMLTextAreaElement);
    this.#delivery = new Delivery(async (text) => told(await postAgain(own2.postTo, text)), readStored);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
    find(this.element, "[data-ask]", HTMLElement).addEventListener("click", () => this.#ask(true));
    find(this.element, "[data-keep]", HTMLElement).addEventListener("click", () => this.#ask(false));
  }
  /** Whether somebody is in the middle of it. */
  get holdsDraft() {
    return this.#busy || this.#pending !== void 0 || this.#reason.value.trim() !== "";
  }
  #ask(again) {
    clear(this.element);
    const [first, second] = ["[data-first]", "[data-second]"].map((step2) => find(this.element, step2, HTMLElement));
    if (first === void 0 || second === void 0) return;
    show(first, !again);
    show(second, again);
    find(again ? second : first, "button", HTMLButtonElement).focus();
  }
  async #submit() {
    this.#busy = true;
    clear(this.element);
    let failed = "other";
    try {
      failed = await this.#send();
    } finally {
      this.#busy = false;
      working(this.element);
      this.#reason.readOnly = this.#pending !== void 0;
      if (failed !== void 0) fail(this.element, failed);
    }
    if (failed === "locked") this.#case.sessionOver();
  }
  async #send() {
    const composed = this.#pending ?? await this.#compose();
    if (typeof composed === "string") return composed;
    working(this.element, "sending");
    const outcome = await this.#delivery.send(async () => composed.text);
    this.#pending = this.#delivery.uncertain ? composed : void 0;
    if (outcome.kind === "stored") {
      await this.#case.stored(composed, outcome.value);
      return void 0;
    }
    return outcome.kind === "unknown" ? "network" : outcome.code;
  }
  async #compose() {
    const body = cleanText(this.#reason.value);
    if (characters(body) > limits.body_characters) return "too_long";
    working(this.element, "sealing");
    return this.#case.compose({ kind: this.#kind, body, removes: this.#target });
  }
};

// desk/extras.ts
var Extras = class {
  #case;
  #files = /* @__PURE__ */ new Map();
  #removals = /* @__PURE__ */ new Map();
  constructor(own2) {
    this.#case = own2;
  }
  /** Whether leaving the page would lose something: a reason that is being written, or a file on its way to the disk or the page. */
  get holdsDraft() {
    const opening = [...this.#files.values()].some(({ lines }) => lines.some(({ busy }) => busy));
    return opening || [...this.#removals.values()].some(({ holdsDraft: holdsDraft2 }) => holdsDraft2);
  }
  /** Shows them in a letter. */
  show(frame, listed, checked, store) {
    this.#showFiles(frame, listed, checked, store);
    if (!removable(checked)) {
      this.#removals.delete(frame);
      put(frame, "removal", void 0);
    } else if (!this.#removals.has(frame)) {
      const removal = new Removal(checked, this.#case);
      this.#removals.set(frame, removal);
      put(frame, "removal", removal.element);
    }
  }
  /** Takes the files off the page, with all that was opened of them. A reason that was being written stays, as every draft does. */
  end() {
    for (const [frame, { lines }] of this.#files) {
      for (const line of lines) line.end();
      put(frame, "files", void 0);
    }
    this.#files.clear();
  }
  /** What a message says of its files never changes; what the server has of them may, and whether the message checks. */
  #showFiles(frame, { attachments = [] }, { id, mark, payload }, store) {
    const of = [id, mark, payload === void 0, ...attachments].join(" ");
    const present = this.#files.get(frame);
    if (present?.of === of) return;
    for (const line of present?.lines ?? []) line.end();
    const lines = (payload?.attachments ?? []).map((each) => new FileLine(each, mark, attachments.includes(each.id), store));
    this.#files.set(frame, { of, lines });
    put(frame, "files", lines.length > 0 ? list(lines) : void 0);
  }
};
function put(frame, name, element) {
  for (const place2 of slots(frame, name)) place2.replaceChildren(...element === void 0 ? [] : [element]);
}
function list(lines) {
  const copy = find(clone("letter-files"), "[data-letter-files]", HTMLElement);
  slot(copy, "lines").append(...lines.map(({ element }) => element));
  return copy;
}

// desk/letters.ts
var anonymous = /* @__PURE__ */ new Set(["unreadable", "malformed", "signature"]);
var Letters = class {
  #list = find(document, "ol[data-slot=letters]", HTMLElement);
  #officer;
  #extras;
  /** `officer`: the id of whoever reads, who is named "You". `own`: the page, for what is written from within a letter. */
  constructor(officer2, own2) {
    this.#officer = officer2;
    this.#extras = new Extras(own2);
  }
  /** The letters on the page, in their order. */
  get items() {
    return all(this.#list, "[data-letter]", HTMLElement);
  }
  /** Whether leaving the page would lose something in one of them. */
  get holdsDraft() {
    return this.#extras.holdsDraft;
  }
  /** Shows the messages in their frames, which are made when the page has none. */
  showAll(letters2, store) {
    const numbers = new Map(letters2.map(([{ id, number }]) => [id, number]));
    for (const [listed, checked] of letters2) {
      const frame = this.#frame(listed);
      frame.dataset["mark"] = checked.mark;
      show(find(frame, "[data-note-label]", HTMLElement), listed.kind === "note");
      place(frame, "mark", markOf(checked));
      showProblems(frame, checked.problems);
      if (checked.notice === void 0) this.#showMessage(frame, checked, numbers);
      else this.#showTaken(frame, checked.notice, dayOf(letters2, checked.notice));
      this.#extras.show(frame, listed, checked, store);
    }
  }
  /** Takes everything that was opened off the page, and says why in each letter. */
  cover(template) {
    this.#extras.end();
    for (const frame of this.items) {
      for (const name of ["who", "mark", "letter-subject", "problems", "answers", "notice"]) {
        for (const slot2 of slots(frame, name)) slot2.replaceChildren();
      }
      for (const name of ["letter-subject", "problems", "answers", "notice"]) for (const slot2 of slots(frame, name)) show(slot2, false);
      fill(frame, "who", " ");
      place(frame, "body", template);
      delete frame.dataset["mark"];
    }
  }
  #frame(listed) {
    const present = this.items.find(({ dataset }) => dataset["number"] === String(listed.number));
    if (present !== void 0) return present;
    const frame = find(clone("letter"), "[data-letter]", HTMLElement);
    frame.id = `message-${String(listed.number)}`;
    frame.dataset["number"] = String(listed.number);
    frame.dataset["kind"] = listed.kind;
    frame.classList.toggle("letter-note", listed.kind === "note");
    fill(frame, "number", String(listed.number));
    fill(frame, "day", shortDay(listed.day));
    for (const slot2 of slots(frame, "day")) slot2.setAttribute("datetime", listed.day);
    this.#list.append(frame);
    return frame;
  }
  #showMessage(frame, checked, numbers) {
    const { payload, problems, mark } = checked;
    const author = problems.some((problem) => anonymous.has(problem)) ? void 0 : payload?.author;
    if (problems.includes("removed")) place(frame, "who", "who-removed");
    else this.#showWriter(frame, "who", author);
    const taken = payload?.removed === void 0 ? void 0 : numbers.get(payload.removed.id);
    showNotice(frame, taken === void 0 ? void 0 : filled("notice-took", { number: String(taken) }));
    showText(frame, mark === "removed" ? void 0 : payload);
  }
  /** A message that is gone: who took it away, when, and the reason that the notice gives. */
  #showTaken(frame, notice, day) {
    place(frame, "who", "who-removed");
    showNotice(frame, filled("notice-taken", { day: shortDay(day) }));
    this.#showWriter(frame, "by", notice.author);
    showText(frame, void 0);
    if (notice.body !== "") place(frame, "body", "notice-reason", { reason: notice.body });
  }
  #showWriter(frame, slot2, author) {
    if (author === void 0) place(frame, slot2, "who-unknown");
    else if (author.role === "reporter") place(frame, slot2, "who-reporter");
    else if (author.id === this.#officer) place(frame, slot2, slot2 === "by" ? "by-you" : "who-you");
    else place(frame, slot2, "who-officer", { name: author.name });
  }
};
function dayOf(letters2, notice) {
  return letters2.find(([, { payload }]) => payload === notice)?.[0].day ?? notice.writtenOn;
}
function markOf({ mark, kind, payload }) {
  if (mark !== "verified" || payload === void 0) return `mark-${mark}`;
  if (payload.author.role === "officer") return kind === "note" ? "mark-verified-note" : "mark-verified-officer";
  return `mark-verified-${payload.sealedBy}`;
}
function showProblems(frame, problems) {
  for (const list2 of slots(frame, "problems")) {
    list2.replaceChildren(...problems.map((problem) => clone(`problem-${problem}`)));
    show(list2, problems.length > 0);
  }
}
function showNotice(frame, notice) {
  for (const slot2 of slots(frame, "notice")) {
    slot2.replaceChildren(...notice === void 0 ? [] : [notice]);
    show(slot2, notice !== void 0);
  }
}
function showText(frame, payload) {
  const subject = payload?.subject ?? "";
  fill(frame, "letter-subject", subject);
  for (const slot2 of slots(frame, "letter-subject")) show(slot2, subject !== "");
  fill(frame, "body", payload === void 0 || payload.body === "" ? " " : payload.body);
  for (const list2 of slots(frame, "answers")) {
    list2.replaceChildren(...(payload?.answers ?? []).map(answer));
    show(list2, list2.childElementCount > 0);
  }
}
function answer({ label, value }) {
  return filled("answer", { label, value });
}

// desk/store.ts
function storeOf({ identities }, address, sessionOver2) {
  return {
    identities,
    async ask(id, signal) {
      const response = await fetch(address + id, { credentials: "same-origin", cache: "no-store", redirect: "error", signal });
      if (response.status === 401) sessionOver2();
      return response;
    }
  };
}

// pages/desk-case.ts
var box = find(document, "[data-messages]", HTMLElement);
var head = find(box, ".case-head", HTMLElement);
var officer;
var conversation;
var absence = "opening";
async function open(identity, closing) {
  officer = identity;
  absence = "opening";
  for (const { form } of writings) clear(form);
  const [keyrings, answer2] = await Promise.all([load(identity, /* @__PURE__ */ new Set([given("channel", box)])), getJson(given("messages", box))]);
  if (closing.aborted) return;
  if (!(keyrings instanceof Map)) return refused(keyrings);
  if (!answer2.ok) return refused(answer2);
  const keys = keyrings.get(given("channel", box));
  if (keys?.state !== "open") return withoutKeys(keys);
  const found = new Conversation(given("case", box), keys.keyring);
  await found.take(readListed(answer2.body));
  if (closing.aborted) return;
  conversation = found;
  for (const { form } of writings) clear(form);
  showAll(found);
  const listed = found.letters.map(([each]) => each);
  for (const writing of writings) await writing.settle(listed, textIn(answer2.body, "state"));
  await markRead(found);
}
function refused(answer2) {
  if ("ok" in answer2 && sessionEnded(answer2)) return sessionOver();
  unread();
}
function unread() {
  conversation = void 0;
  absence = "not_fetched";
  letters.cover("letter-not-fetched");
  fill(head, "subject", " ");
}
function withoutKeys(keys) {
  absence = "readers";
  letters.cover(keys?.state === "alarm" ? "letter-alarm" : "letter-no-access");
  fill(head, "subject", " ");
  for (const { form } of writings) fail(form, "readers");
  if (keys !== void 0) alarmFor([keys]);
}
function showAll(shown) {
  letters.showAll(shown.letters, storeOf(shown.keyring, given("files", box), sessionOver));
  const subject = shown.report?.payload?.subject;
  if (subject === void 0) place(head, "subject", "no-subject");
  else fill(head, "subject", subject);
  for (const writing of writings) {
    const readers = readersOf(shown, writing.kind);
    writing.files.open(readers);
    if (readers === void 0) fail(writing.form, "readers");
    else if (writing.kind === "message" && isNew()) writing.suggest(plainText(clone("acknowledge-text")));
  }
  goToNamed();
}
function goToNamed() {
  const named = /^#message-([0-9]+)$/.exec(location.hash)?.[1];
  if (named !== void 0 && goTo(Number(named))) history.replaceState(null, "", location.pathname);
}
function goTo(number) {
  const letter = letters.items.find(({ dataset }) => dataset["number"] === String(number));
  if (letter === void 0) return false;
  letter.tabIndex = -1;
  letter.focus();
  return true;
}
async function markRead(shown) {
  if (shown.last > 0) await postOnLeaving(given("read", box), { number: shown.last });
}
function isNew() {
  return given("state", box) === "new";
}
var own = {
  postTo: given("post", box),
  async compose(draft) {
    if (officer === void 0 || conversation === void 0) return absence;
    const writer = { identity: officer, name: given("officerName"), today: today(main) };
    return compose(conversation, writer, { ...draft, acknowledge: draft.kind === "message" && isNew() });
  },
  async stored(composed, { number, day, state }) {
    const shown = conversation;
    if (composed.acknowledge) acknowledged(number, state);
    if (shown === void 0) return;
    const before = shown.last;
    const { id, kind, sealed, attachments, removes } = composed;
    await shown.add({ number, id, kind, day, sealed, attachments }, composed.document);
    const whole = removes === void 0 && number <= before + 1 || await fetchMissing(shown);
    if (conversation !== shown) return;
    if (whole) showAll(shown);
    else unread();
    if (removes !== void 0) goTo(shown.letters.find(([listed]) => listed.id === removes)?.[0].number);
  },
  sessionOver
};
var letters = new Letters(given("officer"), own);
async function fetchMissing(shown) {
  const answer2 = await getJson(given("messages", box));
  if (!answer2.ok) return false;
  try {
    await shown.take(readListed(answer2.body));
    return true;
  } catch (error) {
    if (error instanceof QuietlineError) return false;
    throw error;
  }
}
function acknowledged(number, state) {
  box.dataset["state"] = state;
  showOnly(box, "data-when", "later");
  place(head, "state", "state-acknowledged");
  if (holdsDraft()) return;
  history.replaceState(null, "", `#message-${String(number)}`);
  location.reload();
}
var writings = all(document, "form[data-write]", HTMLFormElement).map((form) => new Writing(form, own));
addEventListener("beforeunload", (event) => {
  if (holdsDraft()) event.preventDefault();
});
function holdsDraft() {
  return letters.holdsDraft || writings.some((writing) => writing.holdsDraft);
}
var step = stepper(
  () => letters.items,
  (letter) => {
    letter.tabIndex = -1;
    return letter;
  }
);
function write2(kind) {
  const area = writings.find((writing) => writing.kind === kind)?.area;
  const details = area?.closest("details");
  if (details) details.open = true;
  area?.focus();
}
bind({
  j: () => step(1),
  k: () => step(-1),
  r: () => write2("message"),
  n: () => write2("note"),
  u: () => find(document, "[data-back]", HTMLElement).click()
});
void start({
  opened: open,
  unread,
  closed() {
    absence = "locked";
    officer = void 0;
    conversation = void 0;
    silence();
    letters.cover("letter-locked");
    for (const { files } of writings) files.hold();
    fill(head, "subject", " ");
  }
});
