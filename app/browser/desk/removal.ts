/** Removing one message: asked twice in its letter, signed and sealed like any other message, and sent until there is an answer. */
import { characters } from "../core/bytes.ts";
import { type Checked, removalOf } from "../core/conversation.ts";
import { limits } from "../core/limits.ts";
import { type Removal as Target, cleanText } from "../core/message.ts";
import { Delivery } from "../dom/delivery.ts";
import { clone, find, show } from "../dom/templates.ts";
import type { Composed, WrittenKind } from "./compose.ts";
import { clear, fail, working } from "./feedback.ts";
import { type Case, type Stored, readStored, told } from "./writing.ts";
import { postAgain } from "./requests.ts";

/** Whether this message can be taken away by itself: not the report, not a notice, not what is gone already. */
export function removable({ kind, number, mark, payload, problems }: Checked): boolean {
  if (number === 1 || mark === "removed" || problems.includes("removed")) return false;
  return kind === "message" || (kind === "note" && payload?.removed === undefined);
}

/** The question in one letter. */
export class Removal {
  readonly element: HTMLDetailsElement;
  readonly #target: Target;
  readonly #kind: WrittenKind;
  readonly #case: Case;
  readonly #form: HTMLFormElement;
  readonly #reason: HTMLTextAreaElement;
  readonly #delivery: Delivery<Stored>;
  #pending: Composed | undefined;
  #busy = false;

  constructor(target: Checked, own: Case) {
    this.#target = removalOf(target);
    this.#kind = target.kind === "note" ? "note" : "removed";
    this.#case = own;
    this.element = find(clone(target.kind === "note" ? "removal-note" : "removal"), "details", HTMLDetailsElement);
    this.#form = find(this.element, "form", HTMLFormElement);
    this.#reason = find(this.#form, "textarea", HTMLTextAreaElement);
    this.#delivery = new Delivery(async (text) => told(await postAgain(own.postTo, text)), readStored);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
    find(this.element, "[data-ask]", HTMLElement).addEventListener("click", () => this.#ask(true));
    find(this.element, "[data-keep]", HTMLElement).addEventListener("click", () => this.#ask(false));
  }

  /** Whether somebody is in the middle of it. */
  get holdsDraft(): boolean {
    return this.#busy || this.#pending !== undefined || this.#reason.value.trim() !== "";
  }

  #ask(again: boolean): void {
    clear(this.element);
    const [first, second] = ["[data-first]", "[data-second]"].map((step) => find(this.element, step, HTMLElement));
    if (first === undefined || second === undefined) return;
    show(first, !again);
    show(second, again);
    find(again ? second : first, "button", HTMLButtonElement).focus();
  }

  async #submit(): Promise<void> {
    this.#busy = true;
    clear(this.element);
    let failed: string | undefined = "other";
    try {
      failed = await this.#send();
    } finally {
      this.#busy = false;
      working(this.element);
      // The text is part of what may have been stored.
      this.#reason.readOnly = this.#pending !== undefined;
      if (failed !== undefined) fail(this.element, failed);
    }
    if (failed === "locked") this.#case.sessionOver();
  }

  async #send(): Promise<string | undefined> {
    const composed = this.#pending ?? (await this.#compose());
    if (typeof composed === "string") return composed;
    working(this.element, "sending");
    const outcome = await this.#delivery.send(async () => composed.text);
    this.#pending = this.#delivery.uncertain ? composed : undefined;
    if (outcome.kind === "stored") {
      await this.#case.stored(composed, outcome.value);
      return undefined;
    }
    return outcome.kind === "unknown" ? "network" : outcome.code;
  }

  async #compose(): Promise<Composed | string> {
    const body = cleanText(this.#reason.value);
    if (characters(body) > limits.body_characters) return "too_long";
    working(this.element, "sealing");
    return this.#case.compose({ kind: this.#kind, body, removes: this.#target });
  }
}
