"use strict";
(() => {
  // dom/way.ts
  function setWay(way) {
    for (const state of document.querySelectorAll("#way [data-state]")) state.hidden = state.dataset["state"] !== way;
    if (way !== "failed") return;
    for (const choice of document.querySelectorAll("details[data-other-way]")) choice.open = true;
  }

  // dom/guarding.ts
  var readyEvent = "quietline:ready";
  function isServerWay(submitter) {
    return submitter?.hasAttribute("data-server-way") ?? false;
  }

  // pages/guard.ts
  var patience = 3e4;
  var groups = /* @__PURE__ */ new Map();
  var taken = false;
  var givenUp = false;
  var early;
  function guardedControls(form) {
    return [...form.querySelectorAll("input, textarea, select")];
  }
  function takeName(control) {
    const { name } = control;
    if (name === "" || control.dataset["name"] !== void 0) return;
    control.dataset["name"] = name;
    if (control instanceof HTMLInputElement && control.type === "radio") neutralise(control, name);
    else control.removeAttribute("name");
  }
  function neutralise(radio, name) {
    const group = groups.get(name) ?? `group-${groups.size + 1}`;
    groups.set(name, group);
    radio.dataset["value"] = radio.value;
    radio.removeAttribute("value");
    radio.name = group;
  }
  function takeNames() {
    for (const form of document.querySelectorAll("form[data-guarded]")) guardedControls(form).forEach(takeName);
  }
  function giveNames(form) {
    for (const control of guardedControls(form)) {
      const { name, value } = control.dataset;
      if (name !== void 0) control.name = name;
      if (value !== void 0) control.setAttribute("value", value);
      delete control.dataset["name"];
      delete control.dataset["value"];
    }
  }
  function stop(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-guarded")) return;
    if (isServerWay(event.submitter)) {
      giveNames(form);
      return;
    }
    event.preventDefault();
    if (taken) return;
    event.stopImmediatePropagation();
    early = form;
    if (givenUp) form.querySelector("[data-other-way] summary")?.focus();
  }
  function letIn() {
    taken = true;
    early?.requestSubmit();
    early = void 0;
  }
  function giveUp() {
    if (taken) return;
    givenUp = true;
    setWay("failed");
  }
  document.addEventListener("submit", stop, true);
  document.addEventListener("input", () => early = void 0, true);
  document.addEventListener(readyEvent, letIn);
  document.addEventListener("DOMContentLoaded", giveUp);
  setTimeout(giveUp, patience);
  addEventListener("pageshow", takeNames);
  new MutationObserver(takeNames).observe(document, { childList: true, subtree: true });
})();
