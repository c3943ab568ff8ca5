/** The officer's keyrings: fetched, opened, and compared with what the server offers reporters and with what this browser has seen. */
import { b64uDecode } from "../core/encoding.ts";
import { FormatError, NoMatch } from "../core/errors.ts";
import { channel as fingerprintOf } from "../core/fingerprint.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { type JsonObject, objectsOf } from "../core/json.ts";
import { type Keyring, open } from "../core/keyring.ts";
import { type Remembered, recall, remember } from "./memory.ts";
import { given } from "./page.ts";
import { type Refusal, getJson, textIn } from "./requests.ts";

/** Why a channel's keys are not used. */
export type AlarmKind = "keyring_differs" | "keyring_older" | "keyring_damaged" | "keyring_foreign" | "keyring_replaced" | "keyring_missing";

/** What people compare when the keys do not agree; empty where there is nothing to compare. */
export interface Alarm {
  readonly kind: AlarmKind;
  readonly name: string;
  readonly offered: string;
  readonly own: string;
}

/** A channel as this officer's keys see it. */
export type ChannelKeys =
  | { readonly state: "open"; readonly keyring: Keyring }
  | { readonly state: "not_open" }
  | { readonly state: "no_access" }
  | { readonly state: "alarm"; readonly alarm: Alarm };

/** Channel id to its keys. */
export type Keyrings = ReadonlyMap<string, ChannelKeys>;

interface Offer {
  readonly channel: string;
  readonly name: string;
  readonly recipient: string;
  readonly verify: string;
  readonly sealed: string;
}

/** The officer's keyrings, judged: of these channels, by default of all; or the server's refusal. */
export async function load(identity: OfficerIdentity, channels?: ReadonlySet<string>): Promise<Keyrings | Refusal> {
  const answer = await getJson(given("keyrings"));
  if (!answer.ok) return answer;
  const offers = objectsOf(answer.body, "keyrings").map(readOffer).filter(({ channel }) => channels?.has(channel) ?? true);
  const judged = await Promise.all(offers.map(async (offer) => [offer.channel, await judge(offer, identity)] as const));
  return new Map(judged);
}

function readOffer(fields: JsonObject): Offer {
  return {
    channel: textIn(fields, "channel"),
    name: textIn(fields, "name"),
    recipient: textIn(fields, "recipient"),
    verify: textIn(fields, "verify"),
    sealed: textIn(fields, "sealed"),
  };
}

async function judge(offer: Offer, identity: OfficerIdentity): Promise<ChannelKeys> {
  const seen = recall(identity.organisation, offer.channel);
  if (offer.sealed === "") return seen === undefined ? { state: "not_open" } : alarm("keyring_older", offer);
  const keyring = await opened(offer, identity);
  // Not sealed to this officer is nothing to be alarmed at, unless one that was has been taken away.
  if (keyring === "no_match") return seen === undefined ? { state: "no_access" } : alarm("keyring_damaged", offer);
  if (keyring === "damaged") return alarm("keyring_damaged", offer);
  const kind = disagreement(keyring, offer, identity, seen);
  if (kind !== undefined) return alarm(kind, offer, keyring);
  remember(keyring);
  return { state: "open", keyring };
}

async function opened(offer: Offer, identity: OfficerIdentity): Promise<Keyring | "no_match" | "damaged"> {
  try {
    return await open(b64uDecode(offer.sealed), [identity.identity]);
  } catch (error) {
    if (error instanceof NoMatch) return "no_match";
    if (error instanceof FormatError) return "damaged";
    throw error;
  }
}

function disagreement(keyring: Keyring, offer: Offer, identity: OfficerIdentity, seen: Remembered | undefined): AlarmKind | undefined {
  if (keyring.organisation !== identity.organisation || keyring.channel !== offer.channel) return "keyring_foreign";
  if (keyring.recipient !== offer.recipient || keyring.verify !== offer.verify) return "keyring_differs";
  if (seen === undefined) return undefined;
  if (keyring.version < seen.version) return "keyring_older";
  // Anybody can make a keyring that agrees with itself and offer its keys; it is the channel's only if it holds the keys seen before.
  return keyring.verifyKeys.has(seen.verify) ? undefined : "keyring_replaced";
}

function alarm(kind: AlarmKind, { name, recipient, verify }: Offer, keyring?: Keyring): ChannelKeys {
  const offered = recipient === "" ? "" : fingerprintOf(recipient, verify);
  const own = keyring === undefined ? "" : fingerprintOf(keyring.recipient, keyring.verify);
  return { state: "alarm", alarm: { kind, name, offered, own } };
}
