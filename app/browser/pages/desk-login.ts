/** Login: the password stays here; what is sent is a key worked out from it. */
import { PasswordError, QuietlineError, UserNameError } from "../core/errors.ts";
import { type Access, logIn, stretch } from "../desk/access.ts";
import { clear, control, fail, locked, progress, working } from "../desk/feedback.ts";
import { given } from "../desk/page.ts";
import { reporter } from "../desk/unlock.ts";
import { maybe } from "../dom/templates.ts";

function start(form: HTMLFormElement): void {
  let busy = false;
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    void submit(form).finally(() => {
      busy = false;
    });
  });
}

async function submit(form: HTMLFormElement): Promise<void> {
  clear(form);
  locked(form, true);
  const access = await attempt(form);
  locked(form, false);
  working(form);
  progress(form);
  if ("identity" in access) {
    control(form, "password").value = "";
    location.assign(next(form));
  } else fail(form, access.code, control(form, access.code === "user_name" ? "user" : "password"));
}

async function attempt(form: HTMLFormElement): Promise<Access> {
  try {
    const user = control(form, "user").value;
    const report = reporter(form);
    return await logIn(user, await stretch(user, control(form, "password").value, report, form), report);
  } catch (error) {
    if (error instanceof UserNameError || error instanceof PasswordError) return { code: error.code };
    if (error instanceof QuietlineError) return { code: "other" };
    throw error;
  }
}

/** Where to go from here: a page of the desk and nothing else, whatever the attribute says. */
function next(form: HTMLFormElement): string {
  const path = given("next", form);
  return /^\/desk\/[A-Za-z0-9/-]*$/.test(path) && !path.includes("//") ? path : "/desk/";
}

const form = maybe(document, "[data-login-form]", HTMLFormElement);
if (form !== undefined) start(form);
