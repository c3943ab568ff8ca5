/** Keyrings: a channel's identities and signing keys, for its officers and the recovery recipients (FORMATS.md section 8). */
import * as age from "./age.ts";
import { isDay } from "./day.ts";
import { b64uDecode, b64uEncode, isId } from "./encoding.ts";
import { FormatError, SignatureError } from "./errors.ts";
import { type JsonObject, type Writable, integerOf, jsonText, listOf, objectsOf, readText, textOf, textThat, valueOf } from "./json.ts";
import { limits } from "./limits.ts";
import { pad } from "./padding.ts";
import { SigningKey, envelopeRead, envelopeWrite, isVerifyKey, verify } from "./signing.ts";

const context = "quietline/keyring/v1";

/** One generation of a channel's keys. `identity` and `signing` are secret; `until` is null for the current one. Days are UTC. */
export interface Epoch {
  readonly epoch: number;
  readonly identity: string;
  readonly recipient: string;
  readonly signing: SigningKey;
  readonly since: string;
  readonly until: string | null;
}

/** An officer of the channel, with their own two public keys. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly recipient: string;
  readonly verify: string;
}

/** What a keyring holds. */
export interface KeyringFields {
  readonly organisation: string;
  readonly channel: string;
  readonly version: number;
  readonly madeOn: string;
  readonly epochs: readonly Epoch[];
  readonly officers: readonly Member[];
  readonly recovery: readonly string[];
}

/** The keys of a channel, oldest epoch first, and who holds them. */
export class Keyring implements KeyringFields {
  readonly organisation: string;
  readonly channel: string;
  readonly version: number;
  readonly madeOn: string;
  readonly epochs: readonly Epoch[];
  readonly officers: readonly Member[];
  readonly recovery: readonly string[];
  /** The epoch in force. */
  readonly current: Epoch;

  /** FormatError when FORMATS.md section 8 does not allow such a keyring. */
  constructor(fields: KeyringFields) {
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
  get recipient(): string {
    return this.current.recipient;
  }

  /** The verify key in force, as b64u. */
  get verify(): string {
    return this.current.signing.verify;
  }

  /** The identities of all epochs, the current one first. Secret. */
  get identities(): readonly string[] {
    return this.epochs.map(({ identity }) => identity).reverse();
  }

  /** The verify keys of all epochs. */
  get verifyKeys(): ReadonlySet<string> {
    return new Set(this.epochs.map(({ signing }) => signing.verify));
  }

  /** The recipients of all epochs. */
  get recipients(): ReadonlySet<string> {
    return new Set(this.epochs.map(({ recipient }) => recipient));
  }
}

/** Version 1, with fresh keys. FormatError without a member or without a recovery recipient. */
export function newKeyring(
  organisation: string,
  channel: string,
  madeOn: string,
  officers: readonly Member[],
  recovery: readonly string[],
): Keyring {
  const epoch = epochOf(1, age.newIdentity(), SigningKey.generate(), madeOn, null);
  return new Keyring({ organisation, channel, version: 1, madeOn, epochs: [epoch], officers, recovery });
}

/** The next version, with one more officer; an officer of the same id is replaced. */
export function withMember(keyring: Keyring, member: Member, madeOn: string): Keyring {
  const others = keyring.officers.filter(({ id }) => id !== member.id);
  return new Keyring({ ...keyring, version: keyring.version + 1, madeOn, officers: [...others, member] });
}

/** The document: signed with the current epoch's key and padded. FormatError when a reader would refuse it. */
export function write(keyring: Keyring): Uint8Array {
  const text = jsonText(toJson(keyring));
  readPayload(text);
  return pad(envelopeWrite(context, text, keyring.current.signing));
}

/**
 * The keyring of a document. FormatError when malformed; SignatureError when it is not signed with its own current key, or when that
 * key is not `expectedVerify`, the one the reader knows from elsewhere.
 */
export function read(document: Uint8Array, expectedVerify?: string): Keyring {
  const envelope = envelopeRead(document);
  const keyring = readPayload(envelope.signed);
  if (envelope.key !== keyring.verify || (expectedVerify !== undefined && expectedVerify !== keyring.verify)) throw new SignatureError();
  verify(keyring.verify, context, envelope.signed, envelope.signature);
  return keyring;
}

/** The keyring sealed to its officers, then its recovery recipients. */
export async function seal(keyring: Keyring): Promise<Uint8Array> {
  return age.seal(write(keyring), [...keyring.officers.map(({ recipient }) => recipient), ...keyring.recovery]);
}

/** The keyring of a sealed file. Raises as `age.unseal` and `read`. */
export async function open(sealed: Uint8Array, identities: readonly string[], expectedVerify?: string): Promise<Keyring> {
  return read(await age.unseal(sealed, identities), expectedVerify);
}

function checkedCurrent({ version, epochs, officers, recovery }: KeyringFields): Epoch {
  const current = epochs.at(-1);
  const inOrder = epochs.every(({ epoch, until }, at) => epoch === at + 1 && (until === null) === (at === epochs.length - 1));
  if (current === undefined || version < 1 || !inOrder || officers.length === 0 || recovery.length === 0) throw new FormatError();
  if (officers.length + recovery.length > limits.recipients) throw new FormatError();
  return current;
}

function toJson(keyring: Keyring): Writable {
  return {
    v: 1,
    organisation: keyring.organisation,
    channel: keyring.channel,
    version: keyring.version,
    made_on: keyring.madeOn,
    epochs: keyring.epochs.map(({ epoch, identity, signing, since, until }) => ({ epoch, identity, signing: b64uEncode(signing.seed), since, until })),
    officers: keyring.officers.map(({ id, name, recipient, verify: key }) => ({ id, name, recipient, verify: key })),
    recovery: keyring.recovery,
  };
}

function readPayload(text: string): Keyring {
  const fields = readText(text);
  if (integerOf(fields, "v") !== 1) throw new FormatError();
  return new Keyring({
    organisation: textThat(fields, "organisation", isId),
    channel: textThat(fields, "channel", isId),
    version: integerOf(fields, "version", 1),
    madeOn: textThat(fields, "made_on", isDay),
    epochs: objectsOf(fields, "epochs").map(readEpoch),
    officers: objectsOf(fields, "officers").map(readMember),
    recovery: listOf(fields, "recovery").map(readRecipient),
  });
}

function readEpoch(fields: JsonObject): Epoch {
  const identity = textThat(fields, "identity", age.isIdentity);
  const signing = SigningKey.fromSeed(b64uDecode(textOf(fields, "signing"), 32));
  const until = valueOf(fields, "until") === null ? null : textThat(fields, "until", isDay);
  return epochOf(integerOf(fields, "epoch", 1), identity, signing, textThat(fields, "since", isDay), until);
}

function epochOf(epoch: number, identity: string, signing: SigningKey, since: string, until: string | null): Epoch {
  return { epoch, identity, recipient: age.recipientOf(identity), signing, since, until };
}

function readMember(fields: JsonObject): Member {
  return {
    id: textThat(fields, "id", isId),
    name: textOf(fields, "name", limits.name_characters, 1),
    recipient: readRecipient(valueOf(fields, "recipient")),
    verify: textThat(fields, "verify", isVerifyKey),
  };
}

function readRecipient(value: unknown): string {
  if (typeof value !== "string" || !age.isRecipient(value)) throw new FormatError();
  return value;
}
