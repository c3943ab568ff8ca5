/** The answer in an open conversation: checked, sealed, sent, and sent again as the same bytes where nothing came back. */
import type { Checked } from "../core/conversation.ts";
import { isDay } from "../core/day.ts";
import { SizeError } from "../core/errors.ts";
import { textThat } from "../core/json.ts";
import type { ChannelKeys } from "../core/message.ts";
import type { Receipt } from "../core/receipt.ts";
import { Delivery, type Post } from "../dom/delivery.ts";
import { checkDraft } from "../dom/draft.ts";
import { empty, holdsText, letGrow, readFields } from "../dom/form.ts";
import { onSubmit } from "../dom/guarding.ts";
import { clearProblems, draftSentences, showProblems } from "../dom/problems.ts";
import { clone, find, show } from "../dom/templates.ts";
import { Attaching, sayWaiting } from "./attaching.ts";
import { recipientsOf, sealAnswer } from "./sealing.ts";
import { sayBusy, sayError, sentenceFor } from "./sending.ts";

/** What an answer is sealed with. `day`: UTC. */
export interface Conversation {
  readonly receipt: Receipt;
  readonly channel: ChannelKeys;
  readonly shown: readonly Checked[];
  readonly day: string;
}

/** The form at the end of a conversation. */
export class AnswerForm {
  readonly #form = find(document, "#answer", HTMLFormElement);
  readonly #area = find(this.#form, "#body", HTMLTextAreaElement);
  readonly #button = find(this.#form, "button[type=submit]", HTMLButtonElement);
  readonly #post: Post;
  readonly #stored: () => void;
  #delivery: Delivery<string>;
  #conversation: Conversation | undefined;
  #sending = false;
  #files: Attaching | undefined;

  /** `stored` is called once an answer is. */
  constructor(post: Post, stored: () => void) {
    this.#post = post;
    this.#stored = stored;
    this.#delivery = this.#newDelivery();
    letGrow(this.#form);
    onSubmit(this.#form, () => void this.#send());
    find(this.#form, "[data-anew]", HTMLButtonElement).addEventListener("click", () => this.#startAnew());
  }

  /** Whether there is text that has not been sent. */
  get holdsText(): boolean {
    return holdsText(this.#form);
  }

  /** Shows the form for this conversation; hides it where nothing can be answered. */
  open(conversation: Conversation | undefined): void {
    this.#conversation = conversation;
    show(this.#form, conversation !== undefined);
  }

  /** Whether files can be attached: `there` once what the page shows of them is, which may be after the letters. */
  takeFiles(there: boolean): void {
    show(find(this.#form, "[data-no-files]", HTMLElement), !there);
    if (there) this.#files ??= this.#attaching();
  }

  /** Forgets everything. `unsent`: the server is to delete the files it has, because nothing will name them. */
  clear(unsent: boolean): void {
    this.#delivery = this.#newDelivery();
    this.#files?.clear(unsent);
    empty(this.#form);
    clearProblems(this.#form);
    sayError(this.#form);
    this.#busy(false);
  }

  #newDelivery(): Delivery<string> {
    return new Delivery(this.#post, (body) => textThat(body, "day", isDay));
  }

  async #send(): Promise<void> {
    const conversation = this.#conversation;
    const delivery = this.#delivery;
    if (this.#sending || conversation === undefined || this.#waits()) return;
    const body = this.#checked(conversation.receipt);
    if (body === undefined) return;
    this.#busy(true);
    const name = await this.#deliver(conversation, body);
    // Forgotten meanwhile: the conversation that is open now has nothing to do with it.
    if (this.#delivery !== delivery) return;
    this.#busy(false);
    if (name !== undefined) {
      // The server has lost one, and stored nothing: they are sent once more, for the next press of the button.
      if (name === "attachments" && !delivery.uncertain) this.#files?.restart();
      sayError(this.#form, name);
      return;
    }
    this.clear(false);
    this.#stored();
  }

  #checked(receipt: Receipt): string | undefined {
    const { clean, problems } = checkDraft(readFields(this.#form), (text) => receipt.appearsIn(text));
    showProblems(this.#form, draftSentences(problems));
    return problems.length > 0 ? undefined : (clean[0]?.value ?? "");
  }

  /** The name of the sentence about what went wrong, if anything did. */
  async #deliver({ receipt, channel, shown, day }: Conversation, body: string): Promise<string | undefined> {
    try {
      const enclosed = { day, attachments: this.#files?.manifest() ?? [] };
      const outcome = await this.#delivery.send(() => sealAnswer(receipt, channel, shown, body, enclosed));
      return outcome.kind === "stored" ? undefined : sentenceFor(outcome);
    } catch (error) {
      return error instanceof SizeError ? "too_large" : "refused";
    }
  }

  #busy(busy: boolean): void {
    this.#sending = busy;
    if (busy) sayError(this.#form);
    sayBusy(this.#form, this.#button, busy);
    this.#lock();
  }

  /** While the text is on its way, or may have arrived, it stays as it is. */
  #lock(): void {
    const { uncertain } = this.#delivery;
    this.#area.readOnly = this.#sending || uncertain;
    this.#files?.lock(this.#sending || uncertain);
    show(find(this.#form, "[data-locked]", HTMLElement), uncertain && !this.#sending);
  }

  /** The same text as another answer: what was sent before may have arrived as well. */
  #startAnew(): void {
    this.#delivery = this.#newDelivery();
    sayError(this.#form);
    this.#lock();
    // The files of the first one may be taken by it.
    this.#files?.restart();
    this.#area.focus();
  }

  /** The field for files comes with what the page shows of them: no page carries it for nothing. */
  #attaching(): Attaching {
    find(this.#form, ".actions", HTMLElement).before(clone("files-field"));
    return new Attaching(this.#form, { recipients: () => this.#recipients(), changed: () => void this.#waits() });
  }

  #recipients(): readonly string[] {
    return this.#conversation === undefined ? [] : recipientsOf(this.#conversation.channel, this.#conversation.receipt);
  }

  /** Says what sending waits for; gives whether it waits. */
  #waits(): boolean {
    return !this.#sending && this.#files !== undefined && sayWaiting(this.#button, this.#files);
  }
}
