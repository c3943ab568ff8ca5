import {
  isDay
} from "./desk-shared-42MHHOPY.js";
import {
  FormatError,
  b64uDecode,
  b64uEncode,
  choiceOf,
  envelopeWrite,
  integerOf,
  isId,
  isRecipient,
  isVerifyKey,
  jsonText,
  limits,
  objectOf,
  objectsOf,
  pad,
  readText,
  textOf,
  textThat,
  valueOf
} from "./desk-shared-73EKWE2H.js";

// core/message.ts
var context = "quietline/message/v1";
var kinds = ["report", "message", "note", "removed"];
var sealers = ["browser", "server", "offline"];
function cleanText(text) {
  const plain = text.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
  return withoutTrailingSpace(plain.replace(/\p{Cs}/gu, "�"));
}
function cleanLine(text) {
  return withoutTrailingSpace(cleanText(text).replace(/[\n\t]/g, " "));
}
function write(payload, signing) {
  const text = jsonText(toJson(payload));
  payloadRead(text);
  return pad(envelopeWrite(context, text, signing));
}
function payloadRead(text) {
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
    ...Object.hasOwn(fields, "subject") ? { subject: textOf(fields, "subject", kind === "removed" ? 0 : limits.subject_characters, 1) } : {},
    body: textOf(fields, "body", limits.body_characters),
    answers: objectsOf(fields, "answers", kind === "report" ? limits.questions : 0).map(readAnswer),
    attachments: objectsOf(fields, "attachments", kind === "removed" ? 0 : limits.attachments).map(readAttachment),
    ...kind === "removed" || kind === "note" && Object.hasOwn(fields, "removed") ? { removed: readRemoval(objectOf(fields, "removed")) } : {},
    ...kind === "report" ? readReportFields(fields) : {}
  };
}
function toJson(payload) {
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
    subject: payload.subject || void 0,
    body: payload.body,
    answers: payload.answers.map(({ question, label, value }) => ({ question, label, value })),
    attachments: payload.attachments.map(({ id, name, type, size, sha256: sha2562 }) => ({ id, name, type, size, sha256: b64uEncode(sha2562) })),
    removed: removedJson(payload),
    ...payload.kind === "report" ? reportJson(payload) : {}
  };
}
function removedJson({ kind, removed }) {
  if (removed === void 0) return void 0;
  if (kind !== "removed" && kind !== "note") throw new FormatError();
  return { id: removed.id, digest: b64uEncode(removed.digest) };
}
function reportJson({ replyTo, channel, readers }) {
  return {
    reply_to: replyTo,
    channel: channel && { recipient: channel.recipient, verify: channel.verify },
    readers: readers === "team" ? readers : readers?.map(({ officer, recipient, verify }) => ({ officer, recipient, verify }))
  };
}
function readReportFields(fields) {
  return {
    replyTo: textThat(fields, "reply_to", isRecipient),
    channel: readKeys(objectOf(fields, "channel")),
    readers: readReaders(fields)
  };
}
function readAuthor(fields) {
  const role = choiceOf(fields, "role", ["reporter", "officer"]);
  if (role === "reporter") return { role };
  return { role, id: textThat(fields, "id", isId), name: textOf(fields, "name", limits.name_characters, 1) };
}
function readSeen(fields) {
  return { count: integerOf(fields, "count"), digest: b64uDecode(textOf(fields, "digest"), 32) };
}
function readRemoval(fields) {
  return { id: textThat(fields, "id", isId), digest: b64uDecode(textOf(fields, "digest"), 32) };
}
function readAnswer(fields) {
  return {
    question: textThat(fields, "question", (text) => /^[a-z0-9_-]{1,40}$/.test(text)),
    label: textOf(fields, "label", limits.label_characters, 1),
    value: textOf(fields, "value", limits.answer_characters, 1)
  };
}
function readAttachment(fields) {
  return {
    id: textThat(fields, "id", isId),
    name: textOf(fields, "name", limits.name_characters, 1),
    type: textOf(fields, "type", limits.name_characters),
    size: integerOf(fields, "size"),
    sha256: b64uDecode(textOf(fields, "sha256"), 32)
  };
}
function readKeys(fields) {
  return { recipient: textThat(fields, "recipient", isRecipient), verify: textThat(fields, "verify", isVerifyKey) };
}
function readReaders(fields) {
  if (valueOf(fields, "readers") === "team") return "team";
  const entries = objectsOf(fields, "readers", limits.recipients);
  if (entries.length === 0) throw new FormatError();
  return entries.map((entry) => ({ officer: textThat(entry, "officer", isId), ...readKeys(entry) }));
}
function withoutTrailingSpace(text) {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

export {
  context,
  kinds,
  cleanText,
  cleanLine,
  write,
  payloadRead
};
