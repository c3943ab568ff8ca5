/** Requests of the desk, which carry its cookie and the form token of their session (CSRF). */
import { type JsonObject, type Writable, jsonText, valueOf } from "../core/json.ts";
import { type Answer, getJson, postText } from "../dom/network.ts";
import { all, maybe } from "../dom/templates.ts";
import { given } from "./page.ts";

export { type Answer, getJson };

/** An answer that says no. */
export type Refusal = Extract<Answer, { readonly ok: false }>;

/** POST with the page's form token. */
export async function post(url: string, body: Writable): Promise<Answer> {
  return postAgain(url, jsonText(body));
}

/** The same for something small that must arrive although the officer has gone on to another page. */
export async function postOnLeaving(url: string, body: Writable): Promise<Answer> {
  return postText(url, jsonText(body), formToken(), "same-origin", true);
}

/** The same for text that was made before, so that what was sent once can be sent again to the byte. */
export async function postAgain(url: string, text: string): Promise<Answer> {
  return postText(url, text, formToken(), "same-origin");
}

/**
 * The same where nobody has to be logged in. Another tab, or an answer that was lost on its way, may have begun a session since the
 * page was made: then its token is fetched, and the same text sent once more.
 */
export async function postOpen(url: string, text: string): Promise<Answer> {
  const first = await postAgain(url, text);
  if (first.ok || first.code !== "csrf") return first;
  await renewToken();
  return postAgain(url, text);
}

/** From here on, the form token of another session: a login in place began one, and the page stays. */
export function useToken(token: string): void {
  const meta = tokenMeta();
  if (meta !== undefined) meta.content = token;
  for (const field of all(document, "input[name=csrf_token]", HTMLInputElement)) field.value = token;
}

/** Fetches the form token of the session that the browser has now, which another tab may have begun. */
export async function renewToken(): Promise<void> {
  const answer = await getJson(given("formToken"));
  if (answer.ok) useToken(textIn(answer.body, "csrf"));
}

/** Whether an answer means that the page's session is not the browser's any more, or is none. */
export function sessionEnded(answer: Answer): boolean {
  return !answer.ok && (answer.status === 401 || answer.code === "csrf");
}

/** Text under `key`; empty where there is none. */
export function textIn(body: JsonObject, key: string): string {
  const value = valueOf(body, key);
  return typeof value === "string" ? value : "";
}

/** What every request that changes something carries: the form token of the session that the page has now. */
export function formToken(): Readonly<Record<string, string>> {
  return { "X-CSRFToken": tokenMeta()?.content ?? "" };
}

function tokenMeta(): HTMLMetaElement | undefined {
  return maybe(document, "meta[name=csrf-token]", HTMLMetaElement);
}
