import {
  PasswordError,
  clear,
  control,
  fail,
  find,
  locked,
  logIn,
  maybe,
  openFile,
  progress,
  renewToken,
  show,
  showOnly,
  stretch,
  working,
  wrappingKey
} from "./desk-shared-73EKWE2H.js";

// desk/unlock.ts
var UnlockSection = class {
  #section = find(document, "[data-unlock]", HTMLElement);
  #form = find(this.#section, "[data-unlock-form]", HTMLFormElement);
  #user = control(this.#form, "user");
  #password = control(this.#form, "password");
  #unlocked;
  #cameFrom;
  #busy = false;
  constructor(unlocked) {
    this.#unlocked = unlocked;
    this.#user.dataset["alwaysReadonly"] = "";
    this.#form.noValidate = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }
  /** Shows it with one reason, and puts the focus into it. */
  ask(reason) {
    showOnly(this.#section, "data-reason", reason);
    clear(this.#section);
    if (this.#section.hidden && document.activeElement instanceof HTMLElement) this.#cameFrom = document.activeElement;
    show(this.#section, true);
    this.#password.focus();
  }
  async #submit() {
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
  async #open() {
    try {
      const report = reporter(this.#form);
      const secrets = await stretch(this.#user.value, this.#password.value, report);
      report("asking");
      await renewToken();
      const half = await wrappingKey();
      if ("reason" in half) return half.reason === "network" ? { code: "network" } : await logIn(this.#user.value, secrets, report);
      const opened = await openFile(secrets.unlock, half.key);
      return "code" in opened && opened.code === "login" ? await logIn(this.#user.value, secrets, report) : opened;
    } catch (error) {
      return { code: error instanceof PasswordError ? "login" : "other" };
    }
  }
  #done(identity) {
    this.#password.value = "";
    show(this.#section, false);
    this.#unlocked(identity);
    const heading = maybe(document, "h1", HTMLElement);
    if (heading !== void 0) heading.tabIndex = -1;
    const cameFrom = this.#cameFrom?.isConnected === true && this.#cameFrom !== document.body ? this.#cameFrom : heading;
    cameFrom?.focus();
    this.#cameFrom = void 0;
  }
};
function reporter(form) {
  return (status, done) => {
    working(form, status);
    progress(form, done);
  };
}

export {
  UnlockSection,
  reporter
};
