import {
  context,
  kinds,
  payloadRead
} from "./desk-shared-X6LC63SM.js";
import {
  isDay
} from "./desk-shared-42MHHOPY.js";
import {
  FormatError,
  b64uDecode,
  choiceOf,
  envelopeRead,
  equal,
  integerOf,
  isId,
  limits,
  listOf,
  objectsOf,
  sha256,
  sha2562,
  textOf,
  textThat,
  unseal,
  utf8,
  valueOf,
  verify
} from "./desk-shared-73EKWE2H.js";

// core/listed.ts
function readListed(body) {
  return objectsOf(body, "messages").map((fields) => ({
    number: integerOf(fields, "number", 1),
    id: textThat(fields, "id", isId),
    kind: choiceOf(fields, "kind", kinds),
    day: textThat(fields, "day", isDay),
    sealed: textOf(fields, "sealed"),
    ...removal(fields),
    ...files(fields)
  }));
}
function removal(fields) {
  const removed = valueOf(fields, "removed") ?? false;
  if (removed === false) return {};
  if (removed !== true || fields["sealed"] !== "") throw new FormatError();
  return { removed };
}
function files(fields) {
  if (!Object.hasOwn(fields, "attachments")) return {};
  const attachments = listOf(fields, "attachments", limits.attachments).map((id) => {
    if (typeof id !== "string" || !isId(id)) throw new FormatError();
    return id;
  });
  if (new Set(attachments).size !== attachments.length) throw new FormatError();
  return { attachments };
}
async function openListed(sealed, identities) {
  try {
    return await unseal(b64uDecode(sealed), identities);
  } catch (error) {
    if (error instanceof FormatError) return void 0;
    throw error;
  }
}

// desk/pause.ts
var piece = 30;
var { port1, port2 } = new MessageChannel();
var since = performance.now();
async function breathe() {
  if (performance.now() - since < piece) return;
  await new Promise((resolve) => {
    port1.addEventListener("message", () => resolve(), { once: true });
    port1.start();
    port2.postMessage(void 0);
  });
  since = performance.now();
}

// core/checking.ts
function readListed2(listed) {
  if (listed.document === void 0 || listed.removed === true) return { listed };
  const envelope = orNothing(envelopeRead, listed.document);
  return { listed, envelope, payload: envelope && orNothing(payloadRead, envelope.signed) };
}
function problemsOfItself(listed, envelope, payload, caseId, known) {
  const found = [
    ["signature", !signatureHolds(envelope, payload, known)],
    ["case", payload.case !== caseId],
    ["id", payload.id !== listed.id],
    ["kind", !kindFits(listed, payload)],
    ["channel", !channelKnown(payload, known)]
  ];
  return new Set(found.flatMap(([problem, isFound]) => isFound ? [problem] : []));
}
function notices(opened, caseId, known) {
  const first = /* @__PURE__ */ new Map();
  const found = /* @__PURE__ */ new Map();
  opened.forEach(({ listed, envelope, payload }, at) => {
    if (envelope !== void 0 && payload?.removed !== void 0 && problemsOfItself(listed, envelope, payload, caseId, known).size === 0) {
      const target = first.get(payload.removed.id);
      if (target !== void 0 && !found.has(target) && takesAway(payload, opened[target]?.listed)) found.set(target, payload);
    }
    if (!first.has(listed.id)) first.set(listed.id, at);
  });
  return found;
}
function takesAway({ kind }, target) {
  return target?.removed === true && target.kind === (kind === "note" ? "note" : "message");
}
function signatureHolds({ key, signed, signature }, { author }, known) {
  if (!(author.role === "officer" ? known.channelKeys.has(key) : key === known.reporterKey)) return false;
  try {
    verify(key, context, signed, signature);
    return true;
  } catch {
    return false;
  }
}
function kindFits(listed, { kind, author }) {
  if (kind !== listed.kind || kind === "report" !== (listed.number === 1)) return false;
  if (kind === "note" || kind === "removed") return author.role === "officer";
  return kind !== "report" || author.role === "reporter";
}
function channelKnown({ channel }, { recipients, channelKeys }) {
  if (recipients === void 0 || channel === void 0) return true;
  return recipients.has(channel.recipient) && channelKeys.has(channel.verify);
}
function orNothing(read, from) {
  try {
    return read(from);
  } catch (error) {
    if (error instanceof FormatError) return void 0;
    throw error;
  }
}

// core/conversation.ts
var order = ["removed", "unreadable", "malformed", "signature", "case", "id", "duplicate", "kind", "seen", "channel"];
function entry(signed) {
  return signed === void 0 ? new Uint8Array(32) : sha2562(utf8(signed));
}
function digest(entries) {
  return digests(entries).at(-1) ?? sha2562(new Uint8Array(0));
}
function seenAfter(checked, count) {
  const shared = byNumber(checked).flatMap((message) => message.kind === "note" ? [] : [message.entry]);
  const shown = count ?? shared.length;
  if (shown < 0 || shown > shared.length) throw new RangeError("more than there are");
  return { count: shown, digest: digest(shared.slice(0, shown)) };
}
function removalOf({ id, entry: hash }) {
  return { id, digest: hash };
}
function check(caseId, listed, knowledge) {
  const opened = byNumber(listed).map(readListed2);
  const reporterKey = knowledge.reporterKey ?? opened.find(({ listed: { number }, envelope }) => number === 1 && envelope)?.envelope?.key;
  const known = { ...knowledge, reporterKey };
  const counted = notices(opened, caseId, known);
  const entries = opened.map(({ envelope }, at) => counted.get(at)?.removed?.digest ?? entry(envelope?.signed));
  const after = digests(entries.filter((_, at) => opened[at]?.listed.kind !== "note"));
  const earlierIds = /* @__PURE__ */ new Set();
  let before = 0;
  return opened.map((message, at) => {
    const { number, id, kind, removed } = message.listed;
    const digestsBefore = after.slice(0, before + 1);
    if (kind !== "note") before++;
    const found = removed === true ? takenAway(counted.get(at)) : checkOne(message, caseId, known, digestsBefore, earlierIds);
    earlierIds.add(removed === true ? id : message.payload?.id ?? "");
    return { number, id, kind, payload: message.payload, entry: entries[at] ?? entry(void 0), ...found };
  });
}
function takenAway(notice) {
  return notice === void 0 ? { mark: "failed", problems: ["removed"] } : { mark: "removed", problems: [], notice };
}
function checkOne({ listed, envelope, payload }, caseId, known, digestsBefore, earlierIds) {
  if (listed.document === void 0) return { mark: "unreadable", problems: ["unreadable"] };
  if (envelope === void 0 || payload === void 0) return { mark: "failed", problems: ["malformed"] };
  const seen = digestsBefore[payload.seen.count];
  const found = new Set(problemsOfItself(listed, envelope, payload, caseId, known));
  if (earlierIds.has(payload.id)) found.add("duplicate");
  if (seen === void 0 || !equal(seen, payload.seen.digest)) found.add("seen");
  const problems = order.filter((problem) => found.has(problem));
  return { mark: markOf(problems, payload), problems };
}
function markOf(problems, payload) {
  if (problems.length > 0) return "failed";
  return payload.sealedBy === "server" ? "server" : "verified";
}
function digests(entries) {
  const running = sha256.create();
  const after = () => running.clone().digest();
  return [after(), ...entries.map((each) => (running.update(each), after()))];
}
function byNumber(messages) {
  return [...messages].sort((a, b) => a.number - b.number);
}

// desk/open.ts
async function documentOf(sealed, { identities }) {
  await breathe();
  return openListed(sealed, identities);
}
function checkAsOfficer(caseId, listed, keyring) {
  return check(caseId, listed, { channelKeys: keyring.verifyKeys, recipients: keyring.recipients });
}
async function openReport(caseId, id, sealed, keyring) {
  const document = await documentOf(sealed, keyring);
  return checkAsOfficer(caseId, [{ number: 1, id, kind: "report", document }], keyring)[0];
}

export {
  readListed,
  seenAfter,
  removalOf,
  breathe,
  documentOf,
  checkAsOfficer,
  openReport
};
