/** A field in which an officer writes. What is typed stays until the server has said that it is stored. */
import { characters } from "../core/bytes.ts";
import { isDay } from "../core/day.ts";
import { type JsonObject, integerOf, textOf, textThat } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { ListedMessage } from "../core/listed.ts";
import { cleanText } from "../core/message.ts";
import { Delivery } from "../dom/delivery.ts";
import { fill, find, maybe, show, slots } from "../dom/templates.ts";
import { Attaching } from "./attaching.ts";
import type { Composed, Draft, WrittenKind } from "./compose.ts";
import { clear, fail, working } from "./feedback.ts";
import { type Answer, postAgain, sessionEnded } from "./requests.ts";

/** Where a message stands once it is stored. */
export interface Stored {
  readonly number: number;
  readonly day: string;
  readonly state: string;
}

/** What the page does for its fields. `compose` gives the code of a sentence where it cannot. */
export interface Case {
  readonly postTo: string;
  compose(draft: Draft): Promise<Composed | string>;
  stored(composed: Composed, stored: Stored): Promise<void>;
  sessionOver(): void;
}

/** One form with its text. */
export class Writing {
  readonly kind: WrittenKind;
  readonly form: HTMLFormElement;
  readonly area: HTMLTextAreaElement;
  readonly files: Attaching;
  readonly #case: Case;
  #suggested = "";
  #delivery: Delivery<Stored>;
  /** What was sealed and may have arrived: no other seal of the same text is made while nobody knows. */
  #pending: Composed | undefined;
  #busy = false;

  constructor(form: HTMLFormElement, own: Case) {
    this.form = form;
    this.kind = form.dataset["kind"] === "note" ? "note" : "message";
    this.area = find(form, "textarea", HTMLTextAreaElement);
    this.#case = own;
    this.files = new Attaching(form, own);
    this.#delivery = this.#newDelivery();
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
    this.area.addEventListener("input", () => {
      working(this.form);
      this.#count();
    });
  }

  /** Whether leaving the page would lose something. */
  get holdsDraft(): boolean {
    const written = this.area.value.trim() !== "" && this.area.value !== this.#suggested;
    return written || this.#busy || this.#pending !== undefined || this.files.count > 0;
  }

  /** Puts in a text to begin with, where nothing is written yet. */
  suggest(text: string): void {
    if (this.area.value === "") this.area.value = text;
    this.#suggested = text;
  }

  /** Looks for what may have arrived in a conversation that was fetched anew: what is listed there, to the byte, has been sent. */
  async settle(listed: readonly ListedMessage[], state: string): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined || this.#busy) return;
    const found = listed.find(({ id, sealed }) => id === pending.id && sealed === pending.sealed);
    if (found === undefined) return fail(this.form, "network");
    await this.#sent(pending, { number: found.number, day: found.day, state });
    this.#released(undefined);
  }

  async #submit(): Promise<void> {
    this.#busy = true;
    clear(this.form);
    let failed: string | undefined = "other";
    try {
      failed = await this.#send();
    } finally {
      this.#busy = false;
      this.#released(failed);
    }
  }

  #released(failed: string | undefined): void {
    working(this.form, failed === undefined ? "sent" : undefined);
    // Locked while nobody knows whether it was stored: another text under the same seal would be another message.
    this.area.readOnly = this.#pending !== undefined;
    this.files.lock(this.#pending !== undefined);
    if (failed === undefined) return;
    // The server has swept them, or has only heard of them from another: they go once more, while the text stays.
    if (failed === "attachments") this.files.again();
    fail(this.form, failed, failed === "empty" || failed === "too_long" ? this.area : undefined);
    if (failed === "locked") this.#case.sessionOver();
  }

  /** Seals, or takes what was sealed and not answered, and sends it. Gives the code of what went wrong. */
  async #send(): Promise<string | undefined> {
    const composed = this.#pending ?? (await this.#compose());
    if (typeof composed === "string") return composed;
    working(this.form, "sending");
    const outcome = await this.#delivery.send(async () => composed.text);
    this.#pending = this.#delivery.uncertain ? composed : undefined;
    if (outcome.kind === "stored") return this.#sent(composed, outcome.value);
    return outcome.kind === "unknown" ? "network" : outcome.code;
  }

  async #compose(): Promise<Composed | string> {
    const body = cleanText(this.area.value);
    if (body === "") return "empty";
    if (characters(body) > limits.body_characters) return "too_long";
    this.area.readOnly = true;
    const notReady = await this.files.ready((left) => this.#wait(left));
    if (notReady !== undefined) return notReady;
    this.files.lock(true);
    working(this.form, "sealing");
    return this.#case.compose({ kind: this.kind, body, attachments: this.files.manifest });
  }

  #wait(left: number): void {
    working(this.form, "waiting");
    refill(this.form, "files-left", String(left));
  }

  async #sent(composed: Composed, stored: Stored): Promise<undefined> {
    this.#pending = undefined;
    this.#delivery = this.#newDelivery();
    this.area.value = "";
    this.files.lock(false);
    this.files.clear();
    this.#suggested = "";
    this.#busy = false;
    this.#count();
    await this.#case.stored(composed, stored);
  }

  #newDelivery(): Delivery<Stored> {
    return new Delivery(async (text) => told(await postAgain(this.#case.postTo, text)), readStored);
  }

  #count(): void {
    const count = maybe(this.form, "[data-count]", HTMLElement);
    if (count === undefined) return;
    const used = this.area.value.length < limits.count_shown_from ? 0 : characters(this.area.value);
    show(count, used >= limits.count_shown_from);
    refill(count, "used", String(used));
    refill(count, "most", String(limits.body_characters));
  }
}

/** Writes a text that a reader of the screen is told of, and the same text only once. */
function refill(scope: ParentNode, name: string, text: string): void {
  if (slots(scope, name).some(({ textContent }) => textContent !== text)) fill(scope, name, text);
}

/** The answer of success. FormatError for anything else. */
export function readStored(body: JsonObject): Stored {
  return { number: integerOf(body, "number", 1), day: textThat(body, "day", isDay), state: textOf(body, "state") };
}

/** An answer with the codes of our sentences in place of the server's. One without a code is none of the server's, and stays. */
export function told(answer: Answer): Answer {
  if (answer.ok || answer.code === "") return answer;
  if (sessionEnded(answer)) return { ...answer, code: "locked" };
  if (answer.status === 413) return { ...answer, code: "too_long" };
  return answer.status === 400 ? { ...answer, code: "sealed" } : answer;
}
