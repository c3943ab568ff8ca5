/** Leaving at once: the control at the top of every page of a reporter, and three presses of Shift. */

const presses = 3;
const withinMilliseconds = 2000;

let times: readonly number[] = [];

function leave(link: HTMLAnchorElement): void {
  // Blank first: the next page may take seconds.
  document.body.replaceChildren();
  document.title = link.hostname;
  location.replace(link.href);
}

/** Any other key begins anew, so that capital letters never leave the page. */
function pressed(event: KeyboardEvent, link: HTMLAnchorElement): void {
  if (event.repeat) return;
  times = event.key === "Shift" ? [...times, event.timeStamp].slice(-presses) : [];
  const [first] = times;
  if (first !== undefined && times.length === presses && event.timeStamp - first <= withinMilliseconds) leave(link);
}

const link = document.querySelector<HTMLAnchorElement>("a[data-leave]");
if (link !== null) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave(link);
  });
  addEventListener("keydown", (event) => pressed(event, link), true);
  // A page that was left and is shown again from memory would be blank.
  addEventListener("pageshow", () => {
    if (!link.isConnected) location.reload();
  });
  for (const plain of document.querySelectorAll<HTMLElement>("[data-leave-plain]")) plain.hidden = true;
  for (const scripted of document.querySelectorAll<HTMLElement>("[data-leave-script]")) scripted.hidden = false;
}
