/** From a password to an open identity: by login, or from the identity file where the session is still good. */
import { b64uDecode, b64uEncode } from "../core/encoding.ts";
import { QuietlineError } from "../core/errors.ts";
import { utf8 } from "../core/bytes.ts";
import { type OfficerIdentity, open } from "../core/identity.ts";
import { type JsonObject, jsonText } from "../core/json.ts";
import { type OfficerSecrets, derive, userName } from "../core/kdf.ts";
import { given, main, profileOf } from "./page.ts";
import { postOpen, textIn, useToken } from "./requests.ts";
import { keep } from "./session.ts";

/** An open identity, or the code of the sentence that says why not. */
export type Access = { readonly identity: OfficerIdentity } | { readonly code: string };

/** What a form shows meanwhile. */
export type Report = (status: "deriving" | "asking" | "opening", done?: number) => void;

/** The keys of a password; progress goes to `report`. */
export async function stretch(user: string, password: string, report: Report, source: HTMLElement = main): Promise<OfficerSecrets> {
  report("deriving", 0);
  return derive(password, given("organisation", source), user, profileOf(source), (done) => {
    report("deriving", done);
  });
}

/** Logs in, opens the identity and keeps it in this tab. The session that was there before ends. */
export async function logIn(user: string, secrets: OfficerSecrets, report: Report): Promise<Access> {
  report("asking");
  const answer = await postOpen(given("login"), jsonText({ user: userName(user), login: b64uEncode(secrets.login) }));
  if (!answer.ok) return { code: answer.code };
  report("opening");
  const opened = await begin(answer.body, secrets.unlock);
  return opened === undefined ? { code: "identity" } : { identity: opened };
}

/** Takes up the session of a login's answer: its form token, and the identity under its wrapping key. */
async function begin(body: JsonObject, unlock: string): Promise<OfficerIdentity | undefined> {
  useToken(textIn(body, "csrf"));
  const identity = await opened(b64uDecode(textIn(body, "identity")), unlock);
  if (identity === undefined || identity.officer !== textIn(body, "officer")) return undefined;
  keep(identity, textIn(body, "wrapping_key"));
  return identity;
}

/** Opens the officer's identity file as this session's server gives it, without a new session, so that other tabs stay open. */
export async function openFile(unlock: string, wrappingKey: string): Promise<Access> {
  const file = await fetchFile();
  if (file === undefined) return { code: "network" };
  const identity = await opened(file, unlock);
  if (identity === undefined || identity.officer !== given("officer")) return { code: "login" };
  keep(identity, wrappingKey);
  return { identity };
}

async function fetchFile(): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(given("identity"), { cache: "no-store", redirect: "error" });
    return response.ok ? utf8(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}

async function opened(file: Uint8Array, unlock: string): Promise<OfficerIdentity | undefined> {
  try {
    return await open(file, unlock);
  } catch (error) {
    if (error instanceof QuietlineError) return undefined;
    throw error;
  }
}
