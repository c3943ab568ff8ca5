/** Messages: what is signed, how it is written and read (FORMATS.md section 6). */
import { isRecipient } from "./age.ts";
import { b64uDecode, b64uEncode, isId } from "./encoding.ts";
import { isDay } from "./day.ts";
import { sha256 } from "./derive.ts";
import { FormatError } from "./errors.ts";
import {
  type JsonObject,
  type Writable,
  choiceOf,
  integerOf,
  jsonText,
  objectOf,
  objectsOf,
  readText,
  textOf,
  textThat,
  valueOf,
} from "./json.ts";
import { limits } from "./limits.ts";
import { pad } from "./padding.ts";
import { type Envelope, type SigningKey, envelopeRead, envelopeWrite, isVerifyKey } from "./signing.ts";

/** The context messages are signed under. */
export const context = "quietline/message/v1";

/** Every kind of message. */
export const kinds = ["report", "message", "note", "removed"] as const;
const sealers = ["browser", "server", "offline"] as const;

/** What a message is. */
export type Kind = (typeof kinds)[number];
/** Where a message was sealed. */
export type SealedBy = (typeof sealers)[number];
/** Who wrote a message. */
export type Author = { readonly role: "reporter" } | { readonly role: "officer"; readonly id: string; readonly name: string };

/** One answered question: its id, its words as they were shown, and the answer. */
export interface Answer {
  readonly question: string;
  readonly label: string;
  readonly value: string;
}

/** A sealed file as its message names it: `size` in bytes and `sha256` (32 bytes) are of the file without padding. */
export interface Attachment {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** How many shared messages the writer had been shown, and the digest (32 bytes) after them. */
export interface Seen {
  readonly count: number;
  readonly digest: Uint8Array;
}

/** The message that a notice takes away, and what it enters the digest with from then on (32 bytes). */
export interface Removal {
  readonly id: string;
  readonly digest: Uint8Array;
}

/** A channel's recipient and verify key, as the reporter was shown them. */
export interface ChannelKeys {
  readonly recipient: string;
  readonly verify: string;
}

/** An officer a report is sealed to by name. */
export interface ReaderEntry {
  readonly officer: string;
  readonly recipient: string;
  readonly verify: string;
}

/** Whom a case is sealed to. */
export type Readers = "team" | readonly ReaderEntry[];

/**
 * What a message says. `writtenOn` is a UTC day. `removed` stands in notices of removal, and may in notes; `replyTo`, `channel` and
 * `readers` stand in reports.
 */
export interface Payload {
  readonly id: string;
  readonly case: string;
  readonly kind: Kind;
  readonly author: Author;
  readonly sealedBy: SealedBy;
  readonly writtenOn: string;
  readonly seen: Seen;
  readonly subject?: string | undefined;
  readonly body: string;
  readonly answers: readonly Answer[];
  readonly attachments: readonly Attachment[];
  readonly removed?: Removal | undefined;
  readonly replyTo?: string | undefined;
  readonly channel?: ChannelKeys | undefined;
  readonly readers?: Readers | undefined;
}

/** A message as read: the envelope, whose signature nobody has checked yet, and the payload inside. */
export interface SignedMessage {
  readonly envelope: Envelope;
  readonly payload: Payload;
}

/** The `seen` of a report: nothing has been shown before it. */
export const emptySeen: Seen = { count: 0, digest: /* @__PURE__ */ sha256(/* @__PURE__ */ new Uint8Array(0)) };

/** Text from a form: LF line ends, no control characters but LF and TAB, no white space at the end, no lone surrogates. */
export function cleanText(text: string): string {
  const plain = text.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
  return withoutTrailingSpace(plain.replace(/\p{Cs}/gu, "\ufffd"));
}

/** The same for a single line: LF and TAB become spaces. */
export function cleanLine(text: string): string {
  return withoutTrailingSpace(cleanText(text).replace(/[\n\t]/g, " "));
}

/** The document of a payload, signed and padded. FormatError when a reader would call it malformed, SizeError when it is too large. */
export function write(payload: Payload, signing: SigningKey): Uint8Array {
  const text = jsonText(toJson(payload));
  payloadRead(text);
  return pad(envelopeWrite(context, text, signing));
}

/** The message of a document; FormatError when it is malformed. The signature is not checked. */
export function read(document: Uint8Array): SignedMessage {
  const envelope = envelopeRead(document);
  return { envelope, payload: payloadRead(envelope.signed) };
}

/** The payload a `signed` text is; FormatError when it breaks FORMATS.md section 6. */
export function payloadRead(text: string): Payload {
  const fields = readText(text);
  if (integerOf(fields, "v") !== 1) throw new FormatError();
  const kind = choiceOf(fields, "kind", kinds);
  return {
    id: textThat(fields, "id", isId),
    case: textThat(fields, "case", isId),
    kind,
    author: readAuthor(objectOf(fields, "author")),
    sealedBy: choiceOf(fields, "sealed_by", sealers),
    writtenOn: textThat(fields, "written_on", isDay),
    seen: readSeen(objectOf(fields, "seen")),
    ...(Object.hasOwn(fields, "subject") ? { subject: textOf(fields, "subject", kind === "removed" ? 0 : limits.subject_characters, 1) } : {}),
    body: textOf(fields, "body", limits.body_characters),
    answers: objectsOf(fields, "answers", kind === "report" ? limits.questions : 0).map(readAnswer),
    attachments: objectsOf(fields, "attachments", kind === "removed" ? 0 : limits.attachments).map(readAttachment),
    ...(kind === "removed" || (kind === "note" && Object.hasOwn(fields, "removed")) ? { removed: readRemoval(objectOf(fields, "removed")) } : {}),
    ...(kind === "report" ? readReportFields(fields) : {}),
  };
}

function toJson(payload: Payload): Writable {
  const { author } = payload;
  return {
    v: 1,
    id: payload.id,
    case: payload.case,
    kind: payload.kind,
    author: author.role === "reporter" ? { role: author.role } : { role: author.role, id: author.id, name: author.name },
    sealed_by: payload.sealedBy,
    written_on: payload.writtenOn,
    seen: { count: payload.seen.count, digest: b64uEncode(payload.seen.digest) },
    subject: payload.subject || undefined,
    body: payload.body,
    answers: payload.answers.map(({ question, label, value }) => ({ question, label, value })),
    attachments: payload.attachments.map(({ id, name, type, size, sha256 }) => ({ id, name, type, size, sha256: b64uEncode(sha256) })),
    removed: removedJson(payload),
    ...(payload.kind === "report" ? reportJson(payload) : {}),
  };
}

function removedJson({ kind, removed }: Payload): Writable | undefined {
  if (removed === undefined) return undefined;
  if (kind !== "removed" && kind !== "note") throw new FormatError(); // nobody would read it there
  return { id: removed.id, digest: b64uEncode(removed.digest) };
}

function reportJson({ replyTo, channel, readers }: Payload): { readonly [key: string]: Writable | undefined } {
  return {
    reply_to: replyTo,
    channel: channel && { recipient: channel.recipient, verify: channel.verify },
    readers: readers === "team" ? readers : readers?.map(({ officer, recipient, verify }) => ({ officer, recipient, verify })),
  };
}

function readReportFields(fields: JsonObject): Pick<Payload, "replyTo" | "channel" | "readers"> {
  return {
    replyTo: textThat(fields, "reply_to", isRecipient),
    channel: readKeys(objectOf(fields, "channel")),
    readers: readReaders(fields),
  };
}

function readAuthor(fields: JsonObject): Author {
  const role = choiceOf(fields, "role", ["reporter", "officer"]);
  if (role === "reporter") return { role };
  return { role, id: textThat(fields, "id", isId), name: textOf(fields, "name", limits.name_characters, 1) };
}

function readSeen(fields: JsonObject): Seen {
  return { count: integerOf(fields, "count"), digest: b64uDecode(textOf(fields, "digest"), 32) };
}

function readRemoval(fields: JsonObject): Removal {
  return { id: textThat(fields, "id", isId), digest: b64uDecode(textOf(fields, "digest"), 32) };
}

function readAnswer(fields: JsonObject): Answer {
  return {
    question: textThat(fields, "question", (text) => /^[a-z0-9_-]{1,40}$/.test(text)),
    label: textOf(fields, "label", limits.label_characters, 1),
    value: textOf(fields, "value", limits.answer_characters, 1),
  };
}

function readAttachment(fields: JsonObject): Attachment {
  return {
    id: textThat(fields, "id", isId),
    name: textOf(fields, "name", limits.name_characters, 1),
    type: textOf(fields, "type", limits.name_characters),
    size: integerOf(fields, "size"),
    sha256: b64uDecode(textOf(fields, "sha256"), 32),
  };
}

function readKeys(fields: JsonObject): ChannelKeys {
  return { recipient: textThat(fields, "recipient", isRecipient), verify: textThat(fields, "verify", isVerifyKey) };
}

function readReaders(fields: JsonObject): Readers {
  if (valueOf(fields, "readers") === "team") return "team";
  const entries = objectsOf(fields, "readers", limits.recipients);
  if (entries.length === 0) throw new FormatError();
  return entries.map((entry) => ({ officer: textThat(entry, "officer", isId), ...readKeys(entry) }));
}

/** White space as Unicode has it: `trimEnd` would also take U+FEFF. A loop, because a pattern would search every run of spaces. */
function withoutTrailingSpace(text: string): string {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
