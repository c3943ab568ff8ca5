/** From an invitation to an officer with keys. The invitation's token stands in the address's fragment, which no request carries. */
import { recipientOf } from "../core/age.ts";
import { QuietlineError } from "../core/errors.ts";
import { officer as fingerprintOf } from "../core/fingerprint.ts";
import { type JsonObject, jsonText, listOf } from "../core/json.ts";
import { generate } from "../core/passphrase.ts";
import { type Details, type Made, type MakingReport, isFor, make, readDetails } from "../desk/enrolment.ts";
import { clear, control, fail, progress, working } from "../desk/feedback.ts";
import { given } from "../desk/page.ts";
import { postOpen, textIn, useToken } from "../desk/requests.ts";
import { keep } from "../desk/session.ts";
import { all, fill, filled, find, maybe, show, slot } from "../dom/templates.ts";

type Step = "checking" | "details" | "making" | "done";

/** The fields that a refusal of the server is about. */
const fieldOf: Readonly<Record<string, string>> = { user_name: "user", user_name_taken: "user" };

/** Takes the token off the address, so that it stays in no history, no screenshot and no copied link. */
function takeToken(): string {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  return token;
}

class Enrolment {
  readonly #place: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #token: string;
  #made: Made | undefined;
  #busy = false;

  constructor(place: HTMLElement, token: string) {
    this.#place = place;
    this.#token = token;
    this.#form = find(place, "[data-details-form]", HTMLFormElement);
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#busy) void this.#submit();
    });
    this.#wirePassphrase();
  }

  async check(): Promise<void> {
    const step = this.#section("checking");
    if (this.#token === "") {
      working(step);
      return fail(step, "no_invitation");
    }
    const answer = await postOpen(given("start", this.#place), jsonText({ token: this.#token }));
    working(step);
    if (!answer.ok) return fail(step, answer.code);
    if (!understood(() => this.#invited(answer.body))) return fail(step, "unread");
    this.#show("details");
    control(this.#form, "user").focus();
  }

  #invited(body: JsonObject): void {
    const items = listOf(body, "channels").map((channel) => filled("channel", { channel: String(channel) }));
    fill(this.#place, "organisation", textIn(body, "organisation_name"));
    slot(this.#place, "channels").replaceChildren(...items);
  }

  async #submit(): Promise<void> {
    clear(this.#form);
    const details = readDetails(this.#form);
    if ("code" in details) return fail(this.#form, details.code, control(this.#form, details.field));
    this.#busy = true;
    this.#show("making");
    const code = await this.#enrol(details);
    this.#busy = false;
    if (code === undefined) return;
    this.#show("details");
    const field = fieldOf[code];
    fail(this.#form, code, field === undefined ? find(this.#form, "[data-submit]", HTMLElement) : control(this.#form, field));
  }

  /** Makes the keys, or takes those that were sent and not answered, and sends them. Gives the code of what went wrong. */
  async #enrol(details: Details): Promise<string | undefined> {
    const step = this.#section("making");
    const report: MakingReport = (status, done) => {
      working(step, status);
      progress(step, done);
    };
    const made = isFor(this.#made, details) ? this.#made : await make(details, this.#token, report, this.#place);
    this.#made = made;
    progress(step);
    working(step, "asking");
    const answer = await postOpen(given("finish", this.#place), made.text);
    working(step);
    if (!answer.ok) return answer.code;
    // Nothing of `made` is dropped: asked again with the same bytes, the server gives the answer that could not be read.
    if (!understood(() => begin(made, answer.body))) return "unread";
    this.#done(made);
    return undefined;
  }

  #done({ identity }: Made): void {
    this.#made = undefined;
    this.#form.reset();
    fill(this.#place, "passphrase", "");
    fill(this.#place, "fingerprint", fingerprintOf(recipientOf(identity.identity), identity.signing.verify));
    this.#show("done");
    this.#section("done").focus();
  }

  #wirePassphrase(): void {
    const password = control(this.#form, "password");
    find(this.#form, "[data-offer-passphrase]", HTMLElement).addEventListener("click", () => {
      const words = generate();
      fill(this.#form, "passphrase", words);
      show(find(this.#form, "[data-offered]", HTMLElement));
      // Only the first field: typing them into the second shows that they were written down.
      password.value = words;
    });
    const toggle = find(this.#form, "[data-show-password]", HTMLElement);
    toggle.addEventListener("click", () => {
      const shown = password.type === "password";
      for (const name of ["password", "password-again"]) control(this.#form, name).type = shown ? "text" : "password";
      toggle.setAttribute("aria-pressed", String(shown));
    });
  }

  #section(step: Step): HTMLElement {
    return find(this.#place, `[data-step="${step}"]`, HTMLElement);
  }

  #show(step: Step): void {
    for (const section of all(this.#place, "[data-step]", HTMLElement)) show(section, section.dataset["step"] === step);
  }
}

/** Takes up the session that the answer began. */
function begin({ identity }: Made, body: JsonObject): void {
  useToken(textIn(body, "csrf"));
  keep(identity, textIn(body, "wrapping_key"));
}

/** Whether an answer could be read. No damaged one may leave the person waiting. */
function understood(read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof QuietlineError) return false;
    throw error;
  }
}

const token = takeToken();
const enrolling = maybe(document, "[data-enrol]", HTMLElement);
if (enrolling !== undefined) void new Enrolment(enrolling, token).check();
