/** JSON to and from the server: bounded in time, and never a second time by itself. */
import { type JsonObject, readText, valueOf } from "../core/json.ts";

/**
 * What came back. `code` of a refusal is the server's, or "network" with status 0 where nothing came that our server is known
 * to have said: then nobody knows whether it acted. `again`: seconds after which it wants to be asked once more, because too many
 * send at once; nothing was stored. `challenge`: what it offers meanwhile, unread (proof.ts).
 */
export type Answer =
  | { readonly ok: true; readonly status: number; readonly body: JsonObject }
  | { readonly ok: false; readonly status: number; readonly code: string; readonly again?: number; readonly challenge?: unknown };

const patienceSeconds = 60;
/** Characters a second over a slow circuit of Tor Browser. */
const slowest = 10_000;

/**
 * POST of JSON text: a retry that must not differ sends this very text again. No cookie goes along unless `credentials` says so.
 * With `keepalive` it goes on when the page is left (at most 64 KiB).
 */
export async function postText(
  url: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
  credentials: RequestCredentials = "omit",
  keepalive = false,
): Promise<Answer> {
  const request = { method: "POST", body: text, headers: { "Content-Type": "application/json", ...headers }, credentials, keepalive };
  return ask(url, request, patienceSeconds + text.length / slowest);
}

/** GET of JSON, with the cookie of the page's own site. */
export async function getJson(url: string): Promise<Answer> {
  return ask(url, { credentials: "same-origin" }, patienceSeconds);
}

async function ask(url: string, request: RequestInit, seconds: number): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const response = await fetch(url, { ...request, cache: "no-store", redirect: "error", signal });
    // Anything but JSON is a proxy's or a network's page, not an answer of ours.
    return answerOf(response, readText(await response.text()));
  } catch {
    return { ok: false, status: 0, code: "network" };
  }
}

function answerOf({ ok, status, headers }: Response, body: JsonObject): Answer {
  if (ok) return { ok, status, body };
  const code = valueOf(body, "error");
  const refused = { ok, status, code: typeof code === "string" ? code : "" };
  const again = headers.get("Retry-After") ?? "";
  if (status !== 503 || refused.code !== "storage_busy" || !/^[1-9][0-9]?$/.test(again)) return refused;
  return { ...refused, again: Number(again), challenge: valueOf(body, "challenge") };
}
