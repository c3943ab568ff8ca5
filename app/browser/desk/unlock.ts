/** Unlocking in place: the page, and whatever is being written on it, stays. */
import { PasswordError } from "../core/errors.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { find, maybe, show, showOnly } from "../dom/templates.ts";
import { type Access, type Report, logIn, openFile, stretch } from "./access.ts";
import { clear, control, fail, locked, progress, working } from "./feedback.ts";
import { renewToken } from "./requests.ts";
import { type Reason, wrappingKey } from "./session.ts";

/** The section that asks for the password. */
export class UnlockSection {
  readonly #section = find(document, "[data-unlock]", HTMLElement);
  readonly #form = find(this.#section, "[data-unlock-form]", HTMLFormElement);
  readonly #user = control(this.#form, "user");
  readonly #password = control(this.#form, "password");
  readonly #unlocked: (identity: OfficerIdentity) => void;
  #cameFrom: HTMLElement | undefined;
  #busy = false;

  constructor(unlocked: (identity: OfficerIdentity) => void) {
    this.#unlocked = unlocked;
    this.#user.dataset["alwaysReadonly"] = "";
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /** Shows it with one reason, and puts the focus into it. */
  ask(reason: Reason): void {
    showOnly(this.#section, "data-reason", reason);
    clear(this.#section);
    if (this.#section.hidden && document.activeElement instanceof HTMLElement) this.#cameFrom = document.activeElement;
    show(this.#section, true);
    this.#password.focus();
  }

  async #submit(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    clear(this.#form);
    locked(this.#form, true);
    const access = await this.#open();
    locked(this.#form, false);
    working(this.#form);
    progress(this.#form);
    this.#busy = false;
    if ("identity" in access) this.#done(access.identity);
    else fail(this.#form, access.code === "login" || access.code === "identity" ? "password" : access.code, this.#password);
  }

  /** By the identity file where the session is good, so that other tabs stay open; by login where it is locked or has ended. */
  async #open(): Promise<Access> {
    try {
      const report = reporter(this.#form);
      const secrets = await stretch(this.#user.value, this.#password.value, report);
      report("asking");
      await renewToken();
      const half = await wrappingKey();
      if ("reason" in half) return half.reason === "network" ? { code: "network" } : await logIn(this.#user.value, secrets, report);
      const opened = await openFile(secrets.unlock, half.key);
      // Another officer's session, or a wrong password: the server tells them apart, and slows down who guesses.
      return "code" in opened && opened.code === "login" ? await logIn(this.#user.value, secrets, report) : opened;
    } catch (error) {
      return { code: error instanceof PasswordError ? "login" : "other" };
    }
  }

  #done(identity: OfficerIdentity): void {
    this.#password.value = "";
    show(this.#section, false);
    this.#unlocked(identity);
    const heading = maybe(document, "h1", HTMLElement);
    if (heading !== undefined) heading.tabIndex = -1;
    const cameFrom = this.#cameFrom?.isConnected === true && this.#cameFrom !== document.body ? this.#cameFrom : heading;
    cameFrom?.focus();
    this.#cameFrom = undefined;
  }
}

/** Shows in `form` what `access.ts` is doing. */
export function reporter(form: HTMLElement): Report {
  return (status, done) => {
    working(form, status);
    progress(form, done);
  };
}
