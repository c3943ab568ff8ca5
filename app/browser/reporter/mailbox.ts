/** The conversation as the server lists it, opened and checked with nothing but the receipt. */
import { type Checked, checkAsReporter } from "../core/conversation.ts";
import { isDay } from "../core/day.ts";
import { type JsonObject, textOf, textThat, valueOf } from "../core/json.ts";
import { type ListedMessage, openListed, readListed } from "../core/listed.ts";
import type { ChannelKeys } from "../core/message.ts";
import type { Receipt } from "../core/receipt.ts";

/** What the server says of the case. Days that have not come are empty. */
export interface Mailbox {
  readonly channel: string;
  readonly state: string;
  readonly outcome: string;
  readonly days: Readonly<Record<"received_on" | "acknowledged_on" | "closed_on" | "acknowledge_by" | "feedback_by", string>>;
  readonly messages: readonly ListedMessage[];
}

/** An answer of the server; FormatError when it is none. */
export function readMailbox(body: JsonObject): Mailbox {
  return {
    channel: textOf(body, "channel"),
    state: textOf(body, "state"),
    outcome: optional(body, "outcome", (key) => textOf(body, key)),
    days: {
      received_on: textThat(body, "received_on", isDay),
      acknowledged_on: optional(body, "acknowledged_on", (key) => textThat(body, key, isDay)),
      closed_on: optional(body, "closed_on", (key) => textThat(body, key, isDay)),
      acknowledge_by: textThat(body, "acknowledge_by", isDay),
      feedback_by: textThat(body, "feedback_by", isDay),
    },
    messages: readListed(body),
  };
}

/** Every message opened and checked, in order of number. */
export async function openMailbox({ messages }: Mailbox, receipt: Receipt): Promise<readonly Checked[]> {
  const { identity } = receipt;
  const listed = [];
  for (const { sealed, ...message } of messages) listed.push({ ...message, document: await openListed(sealed, [identity]) });
  return checkAsReporter(receipt.caseId, listed, receipt.signing.verify);
}

/** Whom an answer is sealed to: what the reporter's own report names, and nothing where that report does not check. */
export function channelOf(checked: readonly Checked[]): ChannelKeys | undefined {
  const [report] = checked;
  const holds = report?.mark === "verified" || report?.mark === "server";
  // Lists of officers are not sealed to from here yet, and must not be mistaken for the team.
  return holds && report.payload?.readers === "team" ? report.payload.channel : undefined;
}

function optional(body: JsonObject, key: string, read: (key: string) => string): string {
  return valueOf(body, key) === null ? "" : read(key);
}
