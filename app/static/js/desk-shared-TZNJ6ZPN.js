import {
  UnlockSection
} from "./desk-shared-SARSD4GH.js";
import {
  QuietlineError,
  all,
  filled,
  find,
  forget,
  given,
  idleAfter,
  maybe,
  postOnLeaving,
  resume,
  show,
  showOnly,
  slots
} from "./desk-shared-73EKWE2H.js";

// desk/tabs.ts
var channel = new BroadcastChannel("quietline-desk");
function tell(word) {
  channel.postMessage(word);
}
function hear(word, heard) {
  channel.addEventListener("message", (event) => {
    if (event.data === word) heard();
  });
}

// desk/idle.ts
var inputs = ["keydown", "pointerdown", "pointermove", "wheel", "touchstart", "input"];
var rhythm = 15e3;
function watch(ended) {
  let last = Date.now();
  let told = 0;
  let over = false;
  const look = () => {
    if (over || Date.now() - last < idleAfter) return;
    over = true;
    ended();
  };
  const renew = () => {
    look();
    last = Date.now();
    over = false;
  };
  for (const name of inputs) {
    addEventListener(
      name,
      () => {
        renew();
        if (last - told < rhythm) return;
        told = last;
        tell("input");
      },
      { capture: true, passive: true }
    );
  }
  hear("input", renew);
  document.addEventListener("visibilitychange", look);
  setInterval(look, rhythm);
}

// desk/frame.ts
var page;
var section;
var closing;
async function start(own) {
  page = own;
  section = new UnlockSection(open);
  wire();
  await begin();
}
function sessionOver() {
  close("ended");
}
function isOpen() {
  return closing !== void 0;
}
async function begin() {
  const resumed = await resume();
  if ("identity" in resumed) open(resumed.identity);
  else close(resumed.reason);
}
function open(identity) {
  closing?.abort();
  closing = new AbortController();
  showState("open");
  void showOpened(identity, closing.signal);
}
async function showOpened(identity, signal) {
  try {
    await page?.opened(identity, signal);
  } catch (error) {
    if (!signal.aborted) page?.unread?.();
    if (!(error instanceof QuietlineError)) throw error;
  }
}
function close(reason) {
  closing?.abort();
  closing = void 0;
  if (reason !== "network") forget();
  page?.closed();
  showState("locked");
  section?.ask(reason);
}
async function lock(reason) {
  if (!isOpen()) return;
  close(reason);
  tell("locked");
  await postOnLeaving(given("lock"), {});
}
function wire() {
  for (const button of all(document, "[data-lock-now]", HTMLElement)) button.addEventListener("click", () => void lock("locked"));
  for (const form of all(document, "form[data-logout]", HTMLFormElement)) {
    form.addEventListener("submit", () => {
      forget();
      tell("locked");
    });
  }
  hear("locked", () => {
    if (isOpen()) close("locked");
  });
  watch(() => void lock("idle"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) void begin();
  });
}
function showState(state) {
  const place2 = maybe(document, "[data-lock-state]", HTMLElement);
  if (place2 !== void 0) showOnly(place2, "data-lock-is", state);
  show(find(document, "[data-lock-now]", HTMLElement), state === "open");
}

// desk/keyboard.ts
var storageKey = "quietline-shortcuts";
var off = "off";
function bind(bindings) {
  const help = maybe(document, "#keyboard-help", HTMLDialogElement);
  const open2 = () => help?.showModal();
  for (const opener of all(document, '[data-opens="keyboard-help"]', HTMLElement)) opener.addEventListener("click", open2);
  for (const choice of all(document, "[data-shortcuts]", HTMLInputElement)) remembered(choice);
  const every = { ...bindings, "?": open2 };
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || help?.open === true) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (localStorage.getItem(storageKey) === off) return;
    const action = Object.hasOwn(every, event.key) ? every[event.key] : void 0;
    if (action === void 0) return;
    event.preventDefault();
    action();
  });
}
function remembered(choice) {
  choice.checked = localStorage.getItem(storageKey) !== off;
  choice.addEventListener("change", () => {
    if (choice.checked) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, off);
  });
}
function stepper(items, focusable) {
  return (by) => {
    const shown = items();
    const at = shown.findIndex((item) => "current" in item.dataset);
    const next = shown[at === -1 ? by === 1 ? 0 : shown.length - 1 : Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (next === void 0) return;
    for (const item of shown) delete item.dataset["current"];
    next.dataset["current"] = "";
    const target = focusable(next);
    target.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
}
function isTyping(target) {
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

// desk/place.ts
function place(scope, name, template, texts = {}) {
  for (const slot of slots(scope, name)) slot.replaceChildren(filled(template, texts));
}

export {
  start,
  sessionOver,
  bind,
  stepper,
  place
};
