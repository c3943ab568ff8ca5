/** Writing into a case: to whom it is sealed, signed with the channel's key, named with the officer who wrote it. */
import { seal } from "../core/age.ts";
import { b64uEncode, newId } from "../core/encoding.ts";
import { RecipientError } from "../core/errors.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { type Writable, jsonText } from "../core/json.ts";
import { type Attachment, type Removal, write } from "../core/message.ts";
import type { Conversation } from "./conversation.ts";

/** What an officer writes: to the person, for the team, or the notice that a message was removed. */
export type WrittenKind = "message" | "note" | "removed";

/** What is to be sealed. */
export interface Draft {
  readonly kind: WrittenKind;
  readonly body: string;
  readonly acknowledge?: boolean;
  readonly attachments?: readonly Attachment[];
  /** The message that this one takes away. */
  readonly removes?: Removal;
}

/** A message that is signed and sealed. `text` is what is posted, to the byte, each time. */
export interface Composed {
  readonly id: string;
  readonly kind: WrittenKind;
  readonly document: Uint8Array;
  readonly sealed: string;
  readonly acknowledge: boolean;
  readonly attachments: readonly string[];
  /** Id of the message that it takes away. */
  readonly removes: string | undefined;
  readonly text: string;
}

/** Why nothing is sealed: it is not sure to whom, or the key that the report names for replies cannot be used. */
export type Unsealed = "readers" | "reply_key";

/** Who writes, and when. */
export interface Writer {
  readonly identity: OfficerIdentity;
  readonly name: string;
  readonly today: string;
}

/**
 * Whom what is written into this case is sealed to; `undefined` where that is not sure. The reporter's recipient is taken from the
 * report only when the report checks: otherwise whoever altered it would read the reply.
 */
export function readersOf({ report, keyring }: Conversation, kind: WrittenKind): readonly string[] | undefined {
  const { readers, replyTo } = report?.payload ?? {};
  // Sealed to officers by name: such a case is not this channel's team's to read, and no note goes to the team either.
  if (readers !== undefined && readers !== "team") return undefined;
  if (kind === "note") return [keyring.recipient];
  const checks = report?.mark === "verified" || report?.mark === "server";
  return checks && replyTo !== undefined ? [keyring.recipient, replyTo] : undefined;
}

/** Signs and seals. */
export async function compose(conversation: Conversation, writer: Writer, draft: Draft): Promise<Composed | Unsealed> {
  const readers = readersOf(conversation, draft.kind);
  if (readers === undefined) return "readers";
  const id = newId();
  const document = signed(conversation, writer, draft, id);
  const sealed = await sealedTo(readers, document);
  if (sealed === undefined) return "reply_key";
  const { kind, acknowledge = false, removes } = draft;
  const attachments = (draft.attachments ?? []).map((attachment) => attachment.id);
  const named: Writable = { attachments: attachments.length > 0 ? attachments : undefined, removes: removes?.id };
  return { id, kind, document, sealed, acknowledge, attachments, removes: removes?.id, text: jsonText({ message: id, kind, sealed, acknowledge, ...named }) };
}

function signed(conversation: Conversation, { identity, name, today }: Writer, draft: Draft, id: string): Uint8Array {
  const { kind, body, attachments = [], removes } = draft;
  const payload = {
    id,
    case: conversation.caseId,
    kind,
    author: { role: "officer", id: identity.officer, name: nameIn(conversation, identity) ?? name },
    sealedBy: "browser",
    writtenOn: today,
    seen: conversation.seen,
    body,
    answers: [],
    attachments,
    removed: removes,
  } as const;
  return write(payload, conversation.keyring.current.signing);
}

/** As b64u; `undefined` where a key of the right form is none. The channel's own was made here, so it is the reporter's. */
async function sealedTo(readers: readonly string[], document: Uint8Array): Promise<string | undefined> {
  try {
    return b64uEncode(await seal(document, readers));
  } catch (error) {
    if (error instanceof RecipientError) return undefined;
    throw error;
  }
}

/** The name that the keyring's maker signed goes before the one that the server tells. */
function nameIn({ keyring }: Conversation, { officer }: OfficerIdentity): string | undefined {
  return keyring.officers.find(({ id }) => id === officer)?.name;
}
