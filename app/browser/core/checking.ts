/** What can be proved of one message, whatever stands around it; and which notices of removal count (FORMATS.md section 6). */
import { FormatError } from "./errors.ts";
import { type Kind, type Payload, context, payloadRead } from "./message.ts";
import { type Envelope, envelopeRead, verify } from "./signing.ts";

/** Why a message is marked, in the order of the table of FORMATS.md. */
export type Problem = "removed" | "unreadable" | "malformed" | "signature" | "case" | "id" | "duplicate" | "kind" | "seen" | "channel";

/** A message as the server lists it; `document` is what its seal held, or `undefined` where it does not open or the message was `removed`. */
export interface Listed {
  readonly number: number;
  readonly id: string;
  readonly kind: Kind;
  readonly document: Uint8Array | undefined;
  readonly removed?: boolean | undefined;
}

/** What the one who reads knows beforehand. */
export interface Knowledge {
  /** The reporter's own verify key; `undefined` for an officer, who takes that of message 1. */
  readonly reporterKey?: string | undefined;
  /** Verify keys valid for officers. */
  readonly channelKeys: ReadonlySet<string>;
  /** For an officer, the team recipients of the keyring; `undefined` for the reporter. */
  readonly recipients?: ReadonlySet<string> | undefined;
}

/** A listed message, read as far as it can be. */
export interface Opened {
  readonly listed: Listed;
  readonly envelope?: Envelope | undefined;
  readonly payload?: Payload | undefined;
}

/** The envelope and the payload, where they are what they should be. */
export function readListed(listed: Listed): Opened {
  if (listed.document === undefined || listed.removed === true) return { listed };
  const envelope = orNothing(envelopeRead, listed.document);
  return { listed, envelope, payload: envelope && orNothing(payloadRead, envelope.signed) };
}

/** The problems of a message that do not depend on others. */
export function problemsOfItself(listed: Listed, envelope: Envelope, payload: Payload, caseId: string, known: Knowledge): ReadonlySet<Problem> {
  const found: readonly (readonly [Problem, boolean])[] = [
    ["signature", !signatureHolds(envelope, payload, known)],
    ["case", payload.case !== caseId],
    ["id", payload.id !== listed.id],
    ["kind", !kindFits(listed, payload)],
    ["channel", !channelKnown(payload, known)],
  ];
  return new Set(found.flatMap(([problem, isFound]) => (isFound ? [problem] : [])));
}

/** The notices of removal that count, by the position of the message that each takes away. `opened`: in order of number. */
export function notices(opened: readonly Opened[], caseId: string, known: Knowledge): ReadonlyMap<number, Payload> {
  const first = new Map<string, number>();
  const found = new Map<number, Payload>();
  opened.forEach(({ listed, envelope, payload }, at) => {
    if (envelope !== undefined && payload?.removed !== undefined && problemsOfItself(listed, envelope, payload, caseId, known).size === 0) {
      const target = first.get(payload.removed.id);
      if (target !== undefined && !found.has(target) && takesAway(payload, opened[target]?.listed)) found.set(target, payload);
    }
    if (!first.has(listed.id)) first.set(listed.id, at);
  });
  return found;
}

function takesAway({ kind }: Payload, target: Listed | undefined): boolean {
  return target?.removed === true && target.kind === (kind === "note" ? "note" : "message");
}

function signatureHolds({ key, signed, signature }: Envelope, { author }: Payload, known: Knowledge): boolean {
  if (!(author.role === "officer" ? known.channelKeys.has(key) : key === known.reporterKey)) return false;
  try {
    verify(key, context, signed, signature);
    return true;
  } catch {
    return false;
  }
}

function kindFits(listed: Listed, { kind, author }: Payload): boolean {
  if (kind !== listed.kind || (kind === "report") !== (listed.number === 1)) return false;
  if (kind === "note" || kind === "removed") return author.role === "officer";
  return kind !== "report" || author.role === "reporter";
}

function channelKnown({ channel }: Payload, { recipients, channelKeys }: Knowledge): boolean {
  if (recipients === undefined || channel === undefined) return true;
  return recipients.has(channel.recipient) && channelKeys.has(channel.verify);
}

function orNothing<T, R>(read: (from: T) => R, from: T): R | undefined {
  try {
    return read(from);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
