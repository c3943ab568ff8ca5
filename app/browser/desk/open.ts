/** Opening and checking what the server lists, with the keys of the channel's keyring. */
import { type Checked, type Listed, check } from "../core/conversation.ts";
import type { Keyring } from "../core/keyring.ts";
import { openListed } from "../core/listed.ts";
import { breathe } from "./pause.ts";

/** What a seal (b64u) holds, or `undefined` when no identity of the keyring opens it. The page has its turn first. */
export async function documentOf(sealed: string, { identities }: Keyring): Promise<Uint8Array | undefined> {
  await breathe();
  return openListed(sealed, identities);
}

/** Checks opened messages as an officer who holds this keyring. */
export function checkAsOfficer(caseId: string, listed: readonly Listed[], keyring: Keyring): readonly Checked[] {
  return check(caseId, listed, { channelKeys: keyring.verifyKeys, recipients: keyring.recipients });
}

/** Opens and checks the report of a case by itself, for the inbox. */
export async function openReport(caseId: string, id: string, sealed: string, keyring: Keyring): Promise<Checked | undefined> {
  const document = await documentOf(sealed, keyring);
  return checkAsOfficer(caseId, [{ number: 1, id, kind: "report", document }], keyring)[0];
}
