import {
  isDay
} from "./desk-shared-42MHHOPY.js";
import {
  channel
} from "./desk-shared-XMAYP54M.js";
import {
  FormatError,
  NoMatch,
  QuietlineError,
  SignatureError,
  SigningKey,
  b64uDecode,
  b64uEncode,
  envelopeRead,
  envelopeWrite,
  fill,
  find,
  getJson,
  given,
  integerOf,
  isId,
  isIdentity,
  isRecipient,
  isVerifyKey,
  jsonText,
  limits,
  listOf,
  newIdentity,
  objectsOf,
  pad,
  readText,
  recipientOf,
  seal,
  show,
  showOnly,
  slots,
  textIn,
  textOf,
  textThat,
  unseal,
  valueOf,
  verify
} from "./desk-shared-73EKWE2H.js";

// desk/alarm.ts
var panel = find(document, "[data-alarm-panel]", HTMLElement);
function alarmFor(channels) {
  for (const keys of channels) {
    if (keys.state !== "alarm") continue;
    raise(keys.alarm);
    return true;
  }
  show(panel, false);
  return false;
}
function silence() {
  show(panel, false);
}
function raise({ kind, name: name2, offered, own }) {
  showOnly(panel, "data-alarm", kind);
  fill(panel, "alarm-channel", name2);
  compare("alarm-offered", offered);
  compare("alarm-keyring", own);
  show(panel, true);
  panel.focus();
}
function compare(slot, fingerprint) {
  fill(panel, slot, fingerprint);
  for (const place of slots(panel, slot)) if (place.parentElement !== null) show(place.parentElement, fingerprint !== "");
}

// core/keyring.ts
var context = "quietline/keyring/v1";
var Keyring = class {
  organisation;
  channel;
  version;
  madeOn;
  epochs;
  officers;
  recovery;
  /** The epoch in force. */
  current;
  /** FormatError when FORMATS.md section 8 does not allow such a keyring. */
  constructor(fields) {
    this.organisation = fields.organisation;
    this.channel = fields.channel;
    this.version = fields.version;
    this.madeOn = fields.madeOn;
    this.epochs = fields.epochs;
    this.officers = fields.officers;
    this.recovery = fields.recovery;
    this.current = checkedCurrent(fields);
  }
  /** The recipient that reports are sealed to now. */
  get recipient() {
    return this.current.recipient;
  }
  /** The verify key in force, as b64u. */
  get verify() {
    return this.current.signing.verify;
  }
  /** The identities of all epochs, the current one first. Secret. */
  get identities() {
    return this.epochs.map(({ identity }) => identity).reverse();
  }
  /** The verify keys of all epochs. */
  get verifyKeys() {
    return new Set(this.epochs.map(({ signing }) => signing.verify));
  }
  /** The recipients of all epochs. */
  get recipients() {
    return new Set(this.epochs.map(({ recipient }) => recipient));
  }
};
function newKeyring(organisation, channel2, madeOn, officers, recovery) {
  const epoch = epochOf(1, newIdentity(), SigningKey.generate(), madeOn, null);
  return new Keyring({ organisation, channel: channel2, version: 1, madeOn, epochs: [epoch], officers, recovery });
}
function write(keyring) {
  const text = jsonText(toJson(keyring));
  readPayload(text);
  return pad(envelopeWrite(context, text, keyring.current.signing));
}
function read(document2, expectedVerify) {
  const envelope = envelopeRead(document2);
  const keyring = readPayload(envelope.signed);
  if (envelope.key !== keyring.verify || expectedVerify !== void 0 && expectedVerify !== keyring.verify) throw new SignatureError();
  verify(keyring.verify, context, envelope.signed, envelope.signature);
  return keyring;
}
async function seal2(keyring) {
  return seal(write(keyring), [...keyring.officers.map(({ recipient }) => recipient), ...keyring.recovery]);
}
async function open(sealed, identities, expectedVerify) {
  return read(await unseal(sealed, identities), expectedVerify);
}
function checkedCurrent({ version, epochs, officers, recovery }) {
  const current = epochs.at(-1);
  const inOrder = epochs.every(({ epoch, until }, at) => epoch === at + 1 && until === null === (at === epochs.length - 1));
  if (current === void 0 || version < 1 || !inOrder || officers.length === 0 || recovery.length === 0) throw new FormatError();
  if (officers.length + recovery.length > limits.recipients) throw new FormatError();
  return current;
}
function toJson(keyring) {
  return {
    v: 1,
    organisation: keyring.organisation,
    channel: keyring.channel,
    version: keyring.version,
    made_on: keyring.madeOn,
    epochs: keyring.epochs.map(({ epoch, identity, signing, since, until }) => ({ epoch, identity, signing: b64uEncode(signing.seed), since, until })),
    officers: keyring.officers.map(({ id, name: name2, recipient, verify: key }) => ({ id, name: name2, recipient, verify: key })),
    recovery: keyring.recovery
  };
}
function readPayload(text) {
  const fields = readText(text);
  if (integerOf(fields, "v") !== 1) throw new FormatError();
  return new Keyring({
    organisation: textThat(fields, "organisation", isId),
    channel: textThat(fields, "channel", isId),
    version: integerOf(fields, "version", 1),
    madeOn: textThat(fields, "made_on", isDay),
    epochs: objectsOf(fields, "epochs").map(readEpoch),
    officers: objectsOf(fields, "officers").map(readMember),
    recovery: listOf(fields, "recovery").map(readRecipient)
  });
}
function readEpoch(fields) {
  const identity = textThat(fields, "identity", isIdentity);
  const signing = SigningKey.fromSeed(b64uDecode(textOf(fields, "signing"), 32));
  const until = valueOf(fields, "until") === null ? null : textThat(fields, "until", isDay);
  return epochOf(integerOf(fields, "epoch", 1), identity, signing, textThat(fields, "since", isDay), until);
}
function epochOf(epoch, identity, signing, since, until) {
  return { epoch, identity, recipient: recipientOf(identity), signing, since, until };
}
function readMember(fields) {
  return {
    id: textThat(fields, "id", isId),
    name: textOf(fields, "name", limits.name_characters, 1),
    recipient: readRecipient(valueOf(fields, "recipient")),
    verify: textThat(fields, "verify", isVerifyKey)
  };
}
function readRecipient(value) {
  if (typeof value !== "string" || !isRecipient(value)) throw new FormatError();
  return value;
}

// desk/memory.ts
function recall(organisation, channel2) {
  const kept = localStorage.getItem(name(organisation, channel2));
  if (kept === null) return void 0;
  try {
    const fields = readText(kept);
    const verify2 = textOf(fields, "verify");
    b64uDecode(verify2, 32);
    return { version: integerOf(fields, "version", 1), verify: verify2 };
  } catch (error) {
    if (error instanceof QuietlineError) return void 0;
    throw error;
  }
}
function remember({ organisation, channel: channel2, version, verify: verify2 }) {
  localStorage.setItem(name(organisation, channel2), jsonText({ version, verify: verify2 }));
}
function name(organisation, channel2) {
  return `quietline-keyring/${organisation}/${channel2}`;
}

// desk/keyrings.ts
async function load(identity, channels) {
  const answer = await getJson(given("keyrings"));
  if (!answer.ok) return answer;
  const offers = objectsOf(answer.body, "keyrings").map(readOffer).filter(({ channel: channel2 }) => channels?.has(channel2) ?? true);
  const judged = await Promise.all(offers.map(async (offer) => [offer.channel, await judge(offer, identity)]));
  return new Map(judged);
}
function readOffer(fields) {
  return {
    channel: textIn(fields, "channel"),
    name: textIn(fields, "name"),
    recipient: textIn(fields, "recipient"),
    verify: textIn(fields, "verify"),
    sealed: textIn(fields, "sealed")
  };
}
async function judge(offer, identity) {
  const seen = recall(identity.organisation, offer.channel);
  if (offer.sealed === "") return seen === void 0 ? { state: "not_open" } : alarm("keyring_older", offer);
  const keyring = await opened(offer, identity);
  if (keyring === "no_match") return seen === void 0 ? { state: "no_access" } : alarm("keyring_damaged", offer);
  if (keyring === "damaged") return alarm("keyring_damaged", offer);
  const kind = disagreement(keyring, offer, identity, seen);
  if (kind !== void 0) return alarm(kind, offer, keyring);
  remember(keyring);
  return { state: "open", keyring };
}
async function opened(offer, identity) {
  try {
    return await open(b64uDecode(offer.sealed), [identity.identity]);
  } catch (error) {
    if (error instanceof NoMatch) return "no_match";
    if (error instanceof FormatError) return "damaged";
    throw error;
  }
}
function disagreement(keyring, offer, identity, seen) {
  if (keyring.organisation !== identity.organisation || keyring.channel !== offer.channel) return "keyring_foreign";
  if (keyring.recipient !== offer.recipient || keyring.verify !== offer.verify) return "keyring_differs";
  if (seen === void 0) return void 0;
  if (keyring.version < seen.version) return "keyring_older";
  return keyring.verifyKeys.has(seen.verify) ? void 0 : "keyring_replaced";
}
function alarm(kind, { name: name2, recipient, verify: verify2 }, keyring) {
  const offered = recipient === "" ? "" : channel(recipient, verify2);
  const own = keyring === void 0 ? "" : channel(keyring.recipient, keyring.verify);
  return { state: "alarm", alarm: { kind, name: name2, offered, own } };
}

export {
  alarmFor,
  silence,
  newKeyring,
  seal2 as seal,
  load
};
