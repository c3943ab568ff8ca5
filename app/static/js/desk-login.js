import {
  reporter
} from "./desk-shared-SARSD4GH.js";
import {
  PasswordError,
  QuietlineError,
  UserNameError,
  clear,
  control,
  fail,
  given,
  locked,
  logIn,
  maybe,
  progress,
  stretch,
  working
} from "./desk-shared-73EKWE2H.js";

// pages/desk-login.ts
function start(form2) {
  let busy = false;
  form2.noValidate = true;
  form2.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    void submit(form2).finally(() => {
      busy = false;
    });
  });
}
async function submit(form2) {
  clear(form2);
  locked(form2, true);
  const access = await attempt(form2);
  locked(form2, false);
  working(form2);
  progress(form2);
  if ("identity" in access) {
    control(form2, "password").value = "";
    location.assign(next(form2));
  } else fail(form2, access.code, control(form2, access.code === "user_name" ? "user" : "password"));
}
async function attempt(form2) {
  try {
    const user = control(form2, "user").value;
    const report = reporter(form2);
    return await logIn(user, await stretch(user, control(form2, "password").value, report, form2), report);
  } catch (error) {
    if (error instanceof UserNameError || error instanceof PasswordError) return { code: error.code };
    if (error instanceof QuietlineError) return { code: "other" };
    throw error;
  }
}
function next(form2) {
  const path = given("next", form2);
  return /^\/desk\/[A-Za-z0-9/-]*$/.test(path) && !path.includes("//") ? path : "/desk/";
}
var form = maybe(document, "[data-login-form]", HTMLFormElement);
if (form !== void 0) start(form);
