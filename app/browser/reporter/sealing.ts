/** From checked text to the request that carries it sealed. Nothing readable, and no words, are in what these functions give back. */
import { seal } from "../core/age.ts";
import { type Checked, seenAfter } from "../core/conversation.ts";
import { b64uEncode, newId } from "../core/encoding.ts";
import { jsonText } from "../core/json.ts";
import { type Attachment, type ChannelKeys, type Payload, emptySeen, write } from "../core/message.ts";
import type { Receipt } from "../core/receipt.ts";
import type { Clean } from "../dom/draft.ts";

const question = "q-";

/** What a message takes along: the day (UTC), and its files, which are on the server already, sealed to the same recipients. */
export interface Enclosed {
  readonly day: string;
  readonly attachments: readonly Attachment[];
}

/** Whom what a reporter writes is sealed to. */
export function recipientsOf(channel: ChannelKeys, receipt: Receipt): readonly string[] {
  return [channel.recipient, receipt.recipient];
}

/** The request of a report. */
export async function sealReport(receipt: Receipt, channel: ChannelKeys, fields: readonly Clean[], enclosed: Enclosed): Promise<string> {
  const payload: Payload = {
    ...common(receipt, "report", enclosed),
    seen: emptySeen,
    subject: valueOf(fields, "subject") || undefined,
    body: valueOf(fields, "body"),
    answers: answers(fields),
    replyTo: receipt.recipient,
    channel,
    readers: "team",
  };
  const sealed = await sealTo(channel, receipt, payload);
  return jsonText({ case: receipt.caseId, mailbox: b64uEncode(receipt.mailboxKey), message: payload.id, sealed, ...named(enclosed) });
}

/** The request of an answer in a conversation, sealed to the readers that the reporter's own report names. `shown`: what the person has seen. */
export async function sealAnswer(
  receipt: Receipt,
  channel: ChannelKeys,
  shown: readonly Checked[],
  body: string,
  enclosed: Enclosed,
): Promise<string> {
  const payload: Payload = { ...common(receipt, "message", enclosed), seen: seenAfter(shown), body, answers: [] };
  const sealed = await sealTo(channel, receipt, payload);
  return jsonText({ mailbox: b64uEncode(receipt.mailboxKey), message: payload.id, sealed, ...named(enclosed) });
}

type Common = Pick<Payload, "id" | "case" | "kind" | "author" | "sealedBy" | "writtenOn" | "attachments">;

function common(receipt: Receipt, kind: "report" | "message", { day, attachments }: Enclosed): Common {
  return { id: newId(), case: receipt.caseId, kind, author: { role: "reporter" }, sealedBy: "browser", writtenOn: day, attachments };
}

/** What the server is told of the files: which of its uploads belong to the message. */
function named({ attachments }: Enclosed): { attachments?: readonly string[] } {
  return attachments.length === 0 ? {} : { attachments: attachments.map(({ id }) => id) };
}

async function sealTo(channel: ChannelKeys, receipt: Receipt, payload: Payload): Promise<string> {
  return b64uEncode(await seal(write(payload, receipt.signing), recipientsOf(channel, receipt)));
}

function valueOf(fields: readonly Clean[], id: string): string {
  return fields.find((field) => field.id === id)?.value ?? "";
}

function answers(fields: readonly Clean[]): Payload["answers"] {
  return fields
    .filter(({ id, value }) => id.startsWith(question) && value !== "")
    .map(({ id, label, value }) => ({ question: id.slice(question.length), label, value }));
}
