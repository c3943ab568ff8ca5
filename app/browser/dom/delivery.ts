/** Sending one sealed thing until there is an answer: a retry is the same bytes, and counts once. */
import type { JsonObject } from "../core/json.ts";
import type { Answer } from "./network.ts";

/** `unknown`: nobody knows whether it arrived. */
export type Outcome<T> =
  | { readonly kind: "stored"; readonly value: T }
  | { readonly kind: "refused"; readonly code: string }
  | { readonly kind: "unknown" };

/** How it is posted. */
export type Post = (text: string) => Promise<Answer>;

/** One report or answer on its way. */
export class Delivery<T> {
  readonly #post: Post;
  readonly #read: (body: JsonObject) => T;
  #text: string | undefined;
  #uncertain = false;

  /** `read` takes the answer of success; when it throws, the answer counts as none. */
  constructor(post: Post, read: (body: JsonObject) => T) {
    this.#post = post;
    this.#read = read;
  }

  /** Whether it may have arrived: then what it says must not change any more. */
  get uncertain(): boolean {
    return this.#uncertain;
  }

  /** Sends what `make` seals; where an earlier try had no answer, that again. Rejects when `make` does. */
  async send(make: () => Promise<string>): Promise<Outcome<T>> {
    this.#text ??= await make();
    const outcome = this.#judge(await this.#post(this.#text));
    if (outcome.kind === "unknown") this.#uncertain = true;
    if (outcome.kind === "stored" || provesNothingStored(outcome)) this.#uncertain = false;
    if (!this.#uncertain) this.#text = undefined;
    return outcome;
  }

  #judge(answer: Answer): Outcome<T> {
    if (answer.ok) return this.#stored(answer.body);
    return isRefusal(answer) ? { kind: "refused", code: answer.code } : { kind: "unknown" };
  }

  #stored(body: JsonObject): Outcome<T> {
    try {
      return { kind: "stored", value: this.#read(body) };
    } catch {
      return { kind: "unknown" };
    }
  }
}

/**
 * Whether this refusal of a retry says that the first try was not stored either: the server looks for the message first, and at its files
 * only where it is not there. Then it may be sealed anew, with other files.
 */
function provesNothingStored(outcome: Outcome<unknown>): boolean {
  return outcome.kind === "refused" && outcome.code === "attachments";
}

/** A server that broke down (500) may have stored it before. */
function isRefusal({ status, code }: { readonly status: number; readonly code: string }): boolean {
  return code === "storage_busy" || (status >= 400 && status < 500 && code !== "");
}
