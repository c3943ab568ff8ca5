/** The report page: write, check, receipt, done. What is typed leaves it sealed or not at all, and is kept nowhere else. */
import { SizeError } from "../core/errors.ts";
import { channel as fingerprintOf } from "../core/fingerprint.ts";
import type { ChannelKeys } from "../core/message.ts";
import { Receipt } from "../core/receipt.ts";
import { dayStyle, today } from "../dom/days.ts";
import { Delivery, type Outcome } from "../dom/delivery.ts";
import { type Clean, checkDraft } from "../dom/draft.ts";
import { countNearLimit, empty, fieldOf, firstControl, holdsText, letGrow, readFields } from "../dom/form.ts";
import { onSubmit, takeOver } from "../dom/guarding.ts";
import { postText } from "../dom/network.ts";
import { clearProblems, draftSentences, showProblems } from "../dom/problems.ts";
import { Steps } from "../dom/steps.ts";
import { all, clone, fill, find, show, slot } from "../dom/templates.ts";
import { inTurn, proofHeader } from "../dom/turn.ts";
import { askBeforeLeaving } from "../dom/unload.ts";
import { setWay } from "../dom/way.ts";
import { Attaching, sayWaiting } from "../reporter/attaching.ts";
import { checkRows } from "../reporter/checkstep.ts";
import { type Days, readDays, showReceipt } from "../reporter/receiptstep.ts";
import { recipientsOf, sealReport } from "../reporter/sealing.ts";
import { offer, sayBusy, sayError, sentenceFor } from "../reporter/sending.ts";

type Phase = "writing" | "sending" | "stored" | "done";

class ReportPage {
  readonly #page = find(document, "#main", HTMLElement);
  readonly #write = find(document, '[data-step="write"]', HTMLElement);
  readonly #check = find(document, '[data-step="check"]', HTMLElement);
  readonly #form = find(this.#write, "#report", HTMLFormElement);
  readonly #send = find(this.#check, "[data-send]", HTMLButtonElement);
  readonly #channel: ChannelKeys = { recipient: this.#given("recipient"), verify: this.#given("verify") };
  readonly #style = dayStyle(this.#page);
  readonly #steps: Steps;
  #phase: Phase = "writing";
  #fields: readonly Clean[] = [];
  #fieldToChange: string | undefined;
  // Drawn before anything is typed, so that a report that holds its own words can be refused.
  #receipt: Receipt | undefined = Receipt.generate();
  #delivery = this.#newDelivery();
  readonly #files = new Attaching(this.#form, {
    recipients: () => (this.#receipt === undefined ? [] : recipientsOf(this.#channel, this.#receipt)),
    changed: () => void this.#waits(),
    elsewhere: () => this.#filesToCheck(),
    send: this.#send,
  });

  constructor() {
    // Of the very keys that sealing uses, so that what people compare is what happens.
    fill(document, "fingerprint", fingerprintOf(this.#channel.recipient, this.#channel.verify));
    this.#steps = new Steps("write", { permit: (wanted) => this.#permit(wanted), shown: (step) => this.#focus(step) });
    onSubmit(this.#form, () => this.#toCheck());
    this.#send.addEventListener("click", () => void this.#deliver());
    find(this.#check, "[data-anew]", HTMLButtonElement).addEventListener("click", () => this.#startAnew());
    askBeforeLeaving(this.#page, () => this.#atStake());
    letGrow(this.#form);
    countNearLimit(find(this.#form, "#body", HTMLTextAreaElement), find(this.#form, "[data-count]", HTMLElement));
  }

  #given(name: string): string {
    return this.#page.dataset[name] ?? "";
  }

  #newDelivery(): Delivery<Days> {
    return new Delivery((text) => inTurn((proof) => postText(this.#given("post"), text, proofHeader(proof))), readDays);
  }

  /** Whether the text must stay as it is: it is on its way, or may have arrived. */
  get #locked(): boolean {
    return this.#phase === "sending" || this.#delivery.uncertain;
  }

  #atStake(): boolean {
    if (this.#phase === "done") return false;
    return this.#phase === "stored" || holdsText(this.#form);
  }

  /** After the report is stored, every entry of the history is the receipt, or what follows it. */
  #permit(wanted: string): string {
    if (this.#phase === "stored") return "receipt";
    if (this.#phase === "done") return "done";
    if (this.#locked) return "check";
    return wanted === "check" && this.#draftHolds() ? "check" : "write";
  }

  #focus(step: string): HTMLElement | undefined {
    const id = this.#fieldToChange;
    this.#fieldToChange = undefined;
    return step === "write" && id !== undefined ? firstControl(fieldOf(this.#form, id)) : undefined;
  }

  #toCheck(): void {
    if (this.#phase === "writing" && !this.#locked && this.#draftHolds()) this.#steps.go("check");
  }

  /** Checks the text; fills the check step with it, or says what is wrong. */
  #draftHolds(): boolean {
    const { clean, problems } = checkDraft(readFields(this.#form), (text) => this.#receipt?.appearsIn(text) ?? false);
    if (problems.length > 0) {
      showProblems(this.#write, draftSentences(problems));
      return false;
    }
    clearProblems(this.#write);
    sayError(this.#check);
    this.#fields = clean;
    slot(this.#check, "rows").replaceChildren(...checkRows(clean, this.#style, (id) => this.#change(id)));
    return true;
  }

  #change(id: string): void {
    if (this.#locked) return;
    this.#fieldToChange = id;
    this.#steps.go("write");
  }

  async #deliver(): Promise<void> {
    const receipt = this.#receipt;
    if (this.#phase !== "writing" || receipt === undefined || this.#waits()) return;
    this.#setPhase("sending");
    sayError(this.#check);
    try {
      const enclosed = { day: today(this.#page), attachments: this.#files.manifest() };
      const outcome = await this.#delivery.send(() => sealReport(receipt, this.#channel, this.#fields, enclosed));
      if (outcome.kind === "stored") this.#stored(receipt, outcome.value);
      else this.#notStored(receipt, outcome);
    } catch (error) {
      this.#notSealed(error);
    }
  }

  #setPhase(phase: Phase): void {
    this.#phase = phase;
    sayBusy(this.#check, this.#send, phase === "sending");
    this.#files.lock(this.#locked);
    offer(this.#check, "[data-change]", { busy: this.#locked, gone: this.#delivery.uncertain });
    show(find(this.#check, "[data-locked]", HTMLElement), phase === "writing" && this.#delivery.uncertain);
  }

  /** Says what sending waits for; gives whether it waits. */
  #waits(): boolean {
    for (const section of all(this.#check, "[data-check-files]", HTMLElement)) show(section, this.#files.count > 0);
    return this.#phase === "writing" && sayWaiting(this.#send, this.#files);
  }

  /** Where the check step lists the files. */
  #filesToCheck(): readonly HTMLElement[] {
    slot(this.#check, "rows").after(clone("check-files"));
    return all(this.#check, "[data-file-rows]", HTMLElement);
  }

  #stored(receipt: Receipt, days: Days): void {
    this.#setPhase("stored");
    this.#forgetText();
    showReceipt(receipt.words, days, this.#style, () => this.#done());
    this.#steps.replace("receipt");
  }

  #done(): void {
    this.#phase = "done";
    this.#receipt = undefined;
    this.#steps.replace("done");
  }

  #notStored(receipt: Receipt, outcome: Exclude<Outcome<Days>, { kind: "stored" }>): void {
    this.#setPhase("writing");
    const name = sentenceFor(outcome);
    // The server has lost one, and stored nothing: they are sent once more, for the next press of the button.
    if (name === "attachments" && !this.#delivery.uncertain) this.#files.restart();
    // An earlier version is stored under these words: they are the only way to it.
    sayError(this.#check, name, name === "conflict" ? receipt.words : []);
  }

  /** Nothing was sent. Where the program itself does not work, the person is told what else can be done. */
  #notSealed(error: unknown): void {
    this.#setPhase("writing");
    if (error instanceof SizeError) {
      sayError(this.#check, "too_large");
      return;
    }
    setWay("failed");
    this.#steps.go("write");
  }

  #startAnew(): void {
    this.#receipt = Receipt.generate();
    this.#delivery = this.#newDelivery();
    this.#setPhase("writing");
    // What was sealed before can be opened with the old words only.
    this.#files.restart();
    sayError(this.#check);
    this.#steps.go("write");
  }

  #forgetText(): void {
    this.#fields = [];
    this.#files.clear(false);
    empty(this.#form);
    slot(this.#check, "rows").replaceChildren();
  }
}

takeOver(() => void new ReportPage());
