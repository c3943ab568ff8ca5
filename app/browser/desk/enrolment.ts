/** A new officer's keys, made in this browser: what the server is sent of them, and what stays. */
import { recipientOf } from "../core/age.ts";
import { characters } from "../core/bytes.ts";
import { b64uEncode, newId } from "../core/encoding.ts";
import { type OfficerIdentity, newOfficer, seal } from "../core/identity.ts";
import { jsonText } from "../core/json.ts";
import { userName } from "../core/kdf.ts";
import { limits } from "../core/limits.ts";
import { cleanLine } from "../core/message.ts";
import { type Report, stretch } from "./access.ts";
import { control } from "./feedback.ts";
import { given } from "./page.ts";

/** What the person typed. */
export interface Details {
  readonly user: string;
  readonly name: string;
  readonly password: string;
}

/** The keys, and the text that is posted. Sent again as it is, it gives the same officer. */
export interface Made {
  readonly details: Details;
  readonly identity: OfficerIdentity;
  readonly text: string;
}

/** A problem of the form: the code of its sentence and the field that it is about. */
export interface FormProblem {
  readonly code: string;
  readonly field: string;
}

/** What the form holds, or the first thing that is wrong with it. */
export function readDetails(form: HTMLFormElement): Details | FormProblem {
  const typed = (field: string) => control(form, field).value;
  const [user, name, password, again] = [typed("user"), typed("name"), typed("password"), typed("password-again")];
  if (!isUserName(user.trim())) return { code: "user_name", field: "user" };
  if (cleanLine(name).trim() === "" || characters(name) > limits.name_characters) return { code: "name", field: "name" };
  if (!isLongEnough(password)) return { code: "password_length", field: "password" };
  if (password.normalize("NFKC") !== again.normalize("NFKC")) return { code: "password_differs", field: "password-again" };
  return { user: userName(user.trim()), name: cleanLine(name).trim(), password };
}

/** What a form shows while keys are made. */
export type MakingReport = (status: "deriving" | "making", done?: number) => void;

/** Makes the keys and seals them under the password. `source` names the organisation and what a password costs. */
export async function make(details: Details, token: string, report: MakingReport, source: HTMLElement): Promise<Made> {
  const stretching: Report = (_, done) => report("deriving", done);
  const { login, unlock } = await stretch(details.user, details.password, stretching, source);
  report("making");
  const identity = newOfficer(given("organisation", source), newId(), details.user);
  const text = jsonText({
    token,
    officer: identity.officer,
    user: details.user,
    name: details.name,
    login: b64uEncode(login),
    identity: b64uEncode(await seal(identity, recipientOf(unlock))),
    recipient: recipientOf(identity.identity),
    verify: identity.signing.verify,
  });
  return { details, identity, text };
}

/** Whether keys were made for just these details. */
export function isFor(made: Made | undefined, { user, name, password }: Details): made is Made {
  return made?.details.user === user && made.details.name === name && made.details.password === password;
}

function isLongEnough(password: string): boolean {
  const length = characters(password.normalize("NFKC"));
  return length >= limits.password_characters_least && length <= limits.password_characters_most;
}

function isUserName(typed: string): boolean {
  try {
    userName(typed);
    return true;
  } catch {
    return false;
  }
}
