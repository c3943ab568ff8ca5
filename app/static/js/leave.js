// pages/leave.ts
var presses = 3;
var withinMilliseconds = 2e3;
var times = [];
function leave(link2) {
  document.body.replaceChildren();
  document.title = link2.hostname;
  location.replace(link2.href);
}
function pressed(event, link2) {
  if (event.repeat) return;
  times = event.key === "Shift" ? [...times, event.timeStamp].slice(-presses) : [];
  const [first] = times;
  if (first !== void 0 && times.length === presses && event.timeStamp - first <= withinMilliseconds) leave(link2);
}
var link = document.querySelector("a[data-leave]");
if (link !== null) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave(link);
  });
  addEventListener("keydown", (event) => pressed(event, link), true);
  addEventListener("pageshow", () => {
    if (!link.isConnected) location.reload();
  });
  for (const plain of document.querySelectorAll("[data-leave-plain]")) plain.hidden = true;
  for (const scripted of document.querySelectorAll("[data-leave-script]")) scripted.hidden = false;
}
