/** Coming back: the words are read here and stay here; the server is sent the mailbox key, and what is sealed. */
import type { Checked } from "../core/conversation.ts";
import { b64uEncode } from "../core/encoding.ts";
import { jsonText } from "../core/json.ts";
import type { Receipt } from "../core/receipt.ts";
import { dayStyle, today } from "../dom/days.ts";
import { onSubmit, takeOver } from "../dom/guarding.ts";
import { type Answer, postText } from "../dom/network.ts";
import { clearProblems, showProblems } from "../dom/problems.ts";
import { Steps } from "../dom/steps.ts";
import { all, find, maybe, sentence, show, slot } from "../dom/templates.ts";
import { inTurn } from "../dom/turn.ts";
import { askBeforeLeaving } from "../dom/unload.ts";
import { AnswerForm } from "../reporter/answering.ts";
import { fileParts } from "../reporter/filesprogram.ts";
import type { Opener } from "../reporter/letterfiles.ts";
import { Letters } from "../reporter/letters.ts";
import { type Mailbox, channelOf, openMailbox, readMailbox } from "../reporter/mailbox.ts";
import { sayBusy, sayError } from "../reporter/sending.ts";
import { showState } from "../reporter/stateline.ts";
import { readTyped } from "../reporter/wordsfield.ts";

/** `parts`: whether the page gets what it shows of files. */
type Opened = { readonly mailbox: Mailbox; readonly checked: readonly Checked[]; readonly parts: Promise<boolean> };

class ConversationPage {
  readonly #page = find(document, "#main", HTMLElement);
  readonly #wordsStep = find(document, '[data-step="words"]', HTMLElement);
  readonly #step = find(document, '[data-step="conversation"]', HTMLElement);
  readonly #withdrawStep = find(document, '[data-step="withdraw"]', HTMLElement);
  readonly #words = find(this.#wordsStep, "#words", HTMLTextAreaElement);
  readonly #answered = find(this.#step, "[data-answered]", HTMLElement);
  readonly #style = dayStyle(this.#page);
  readonly #answer = new AnswerForm((text) => this.#post("postAnswer", text), () => void this.#answerStored());
  readonly #letters = new Letters(slot(this.#step, "letters"));
  readonly #steps: Steps;
  #receipt: Receipt | undefined;
  // Ends the openings of files that belong to letters which are not shown any more.
  #leaving = new AbortController();
  // Whether the letters that are shown have their files.
  #parts = true;
  #withdrawn = false;
  #busy = false;

  constructor() {
    this.#steps = new Steps("words", { permit: (wanted) => this.#permit(wanted), shown: (step) => this.#focus(step) });
    onSubmit(find(this.#wordsStep, "#words-form", HTMLFormElement), () => void this.#once(this.#wordsStep, "[data-primary]", () => this.#enter()));
    find(this.#step, "[data-withdraw]", HTMLButtonElement).addEventListener("click", () => this.#steps.go("withdraw"));
    find(this.#withdrawStep, "[data-cancel]", HTMLButtonElement).addEventListener("click", () => this.#steps.go("conversation"));
    find(this.#withdrawStep, "[data-confirm]", HTMLButtonElement).addEventListener(
      "click",
      () => void this.#once(this.#withdrawStep, "[data-confirm]", () => this.#withdraw()),
    );
    find(this.#step, "[data-close]", HTMLButtonElement).addEventListener("click", () => this.#close());
    askBeforeLeaving(this.#page, () => this.#answer.holdsText);
    addEventListener("pageshow", (event) => this.#shownAgain(event));
  }

  #permit(wanted: string): string {
    if (this.#withdrawn) return "withdrawn";
    return this.#receipt === undefined ? "words" : wanted;
  }

  /** A conversation opens at its newest letter, where that is not the person's own. */
  #focus(step: string): HTMLElement | undefined {
    return step === "conversation" ? maybe(this.#step, '#newest[data-from="officer"], #newest[data-from=""]', HTMLElement) : undefined;
  }

  /** From the browser's memory an open conversation would come back for whoever presses Back. */
  #shownAgain(event: PageTransitionEvent): void {
    if (event.persisted && !this.#answer.holdsText) location.reload();
  }

  /** One at a time; says so meanwhile beside the button. */
  async #once(step: HTMLElement, selector: string, act: () => Promise<void>): Promise<void> {
    if (this.#busy) return;
    this.#say(step, selector, true);
    try {
      await act();
    } finally {
      this.#say(step, selector, false);
    }
  }

  #say(step: HTMLElement, selector: string, busy: boolean): void {
    this.#busy = busy;
    sayBusy(step, find(step, selector, HTMLButtonElement), busy);
  }

  async #post(where: "post" | "postAnswer" | "postWithdraw", text: string): Promise<Answer> {
    return inTurn(() => postText(this.#page.dataset[where] ?? "", text));
  }

  async #enter(): Promise<void> {
    const read = readTyped(this.#words.value);
    if (typeof read === "string") {
      showProblems(this.#wordsStep, [["words", read]]);
      return;
    }
    const result = await this.#fetch(read);
    if (typeof result === "string") showProblems(this.#wordsStep, [["words", result]]);
    else this.#enterInto(read, result);
  }

  #enterInto(receipt: Receipt, opened: Opened): void {
    clearProblems(this.#wordsStep);
    this.#words.value = "";
    // Into the same conversation once more: an answer that was begun there is kept.
    if (receipt.caseId !== this.#receipt?.caseId) this.#answer.clear(true);
    this.#receipt = receipt;
    show(this.#answered, false);
    this.#endOpenings();
    this.#show(receipt, opened);
    this.#steps.go("conversation");
  }

  /** The conversation of a receipt, or the sentence that says why there is none. */
  async #fetch(receipt: Receipt): Promise<Opened | string> {
    const parts = fileParts().then(
      () => true,
      () => false,
    );
    const answer = await this.#post("post", mailboxRequest(receipt));
    if (!answer.ok) return sentence(notOpened(answer.code));
    try {
      const mailbox = readMailbox(answer.body);
      return { mailbox, checked: await openMailbox(mailbox, receipt), parts };
    } catch {
      return sentence("open-unreadable");
    }
  }

  #show(receipt: Receipt, { mailbox, checked, parts }: Opened): void {
    const listed = new Map(mailbox.messages.map((message) => [message.number, message]));
    showState(this.#step, mailbox, this.#style);
    const shown = checked.map((one) => {
      const { day = "", attachments = [] } = listed.get(one.number) ?? {};
      return { checked: one, day, kept: attachments };
    });
    // Those that say that their files cannot be shown are made anew.
    if (!this.#parts) this.#letters.clear();
    const { signal } = this.#leaving;
    const opener = parts.then((there) => (there ? this.#opener(receipt, signal) : undefined));
    this.#letters.show(shown, { style: this.#style, opener });
    const channel = channelOf(checked);
    this.#answer.open(channel && { receipt, channel, shown: checked, day: today(this.#page) });
    show(find(this.#step, "[data-own-report]", HTMLElement), channel === undefined);
    void parts.then((there) => {
      if (signal.aborted) return;
      this.#parts = there;
      this.#answer.takeFiles(there);
    });
  }

  /** What is shown from now on has nothing to do with the letters before. */
  #endOpenings(): void {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#letters.clear();
  }

  /** Files are fetched like letters: with the mailbox key, and nothing that tells who asks. */
  #opener(receipt: Receipt, leaving: AbortSignal): Opener {
    const headers = { "Content-Type": "application/json" };
    const common = { method: "POST", headers, credentials: "omit", cache: "no-store", redirect: "error" } satisfies RequestInit;
    const address = this.#page.dataset["postAttachment"] ?? "";
    const ask = (id: string, signal: AbortSignal) => fetch(address, { ...common, signal, body: mailboxRequest(receipt, id) });
    return { ask, identity: receipt.identity, leaving };
  }

  /** The conversation once more, with the answer and whatever came meanwhile. Where that fails, what is shown stays, and so does a file that is being opened. */
  async #answerStored(): Promise<void> {
    show(this.#answered);
    this.#answered.tabIndex = -1;
    this.#answered.focus();
    const receipt = this.#receipt;
    if (receipt === undefined) return;
    const result = await this.#fetch(receipt);
    if (typeof result !== "string" && this.#receipt === receipt) this.#show(receipt, result);
  }

  async #withdraw(): Promise<void> {
    if (this.#receipt === undefined) return;
    sayError(this.#withdrawStep);
    const answer = await this.#post("postWithdraw", mailboxRequest(this.#receipt));
    // A repeat whose first try arrived finds nothing any more: that is what was wanted.
    if (answer.ok || answer.code === "no_conversation") this.#gone();
    else sayError(this.#withdrawStep, answer.code === "storage_busy" ? "storage_busy" : "withdraw-network");
  }

  #gone(): void {
    this.#withdrawn = true;
    this.#forget();
    this.#steps.replace("withdrawn");
  }

  /** Without the receipt, no entry of the history leads back into it. */
  #close(): void {
    this.#forget();
    this.#words.value = "";
    this.#steps.replace("words");
  }

  /** Takes everything that was opened, and the receipt that opened it, off the page. */
  #forget(): void {
    this.#endOpenings();
    this.#receipt = undefined;
    this.#answer.open(undefined);
    this.#answer.clear(true);
    for (const place of all(this.#step, "[data-slot]", HTMLElement)) place.replaceChildren();
  }
}

/** The name of the sentence about a conversation that was not opened. */
function notOpened(code: string): string {
  switch (code) {
    case "no_conversation":
      return "words-no_conversation";
    case "network":
      return "open-network";
    case "storage_busy":
      return code;
    default:
      return "open-unreadable";
  }
}

function mailboxRequest(receipt: Receipt, attachment?: string): string {
  return jsonText({ mailbox: b64uEncode(receipt.mailboxKey), ...(attachment === undefined ? {} : { attachment }) });
}

takeOver(() => void new ConversationPage());
