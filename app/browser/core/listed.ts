/** Messages as the server lists them: read strictly, and opened. */
import { unseal } from "./age.ts";
import { isDay } from "./day.ts";
import { b64uDecode, isId } from "./encoding.ts";
import { FormatError } from "./errors.ts";
import { type JsonObject, choiceOf, integerOf, listOf, objectsOf, textOf, textThat, valueOf } from "./json.ts";
import { limits } from "./limits.ts";
import { type Kind, kinds } from "./message.ts";

/** A sealed message as it is listed. `day` is when it arrived. */
export interface ListedMessage {
  readonly number: number;
  readonly id: string;
  readonly kind: Kind;
  readonly day: string;
  /** b64u, which nobody has decoded yet; empty once the message has been removed. */
  readonly sealed: string;
  readonly removed?: true;
  /** Ids of the files that the server keeps for it. */
  readonly attachments?: readonly string[];
}

/** The messages in an answer of the server; FormatError when it is none. */
export function readListed(body: JsonObject): readonly ListedMessage[] {
  return objectsOf(body, "messages").map((fields) => ({
    number: integerOf(fields, "number", 1),
    id: textThat(fields, "id", isId),
    kind: choiceOf(fields, "kind", kinds),
    day: textThat(fields, "day", isDay),
    sealed: textOf(fields, "sealed"),
    ...removal(fields),
    ...files(fields),
  }));
}

function removal(fields: JsonObject): Pick<ListedMessage, "removed"> {
  const removed = valueOf(fields, "removed") ?? false;
  if (removed === false) return {};
  if (removed !== true || fields["sealed"] !== "") throw new FormatError();
  return { removed };
}

function files(fields: JsonObject): Pick<ListedMessage, "attachments"> {
  if (!Object.hasOwn(fields, "attachments")) return {};
  const attachments = listOf(fields, "attachments", limits.attachments).map((id) => {
    if (typeof id !== "string" || !isId(id)) throw new FormatError();
    return id;
  });
  if (new Set(attachments).size !== attachments.length) throw new FormatError();
  return { attachments };
}

/** What a seal (b64u) holds, or `undefined` when it does not open with these identities, as that of a removed message. */
export async function openListed(sealed: string, identities: readonly string[]): Promise<Uint8Array | undefined> {
  try {
    return await unseal(b64uDecode(sealed), identities);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
