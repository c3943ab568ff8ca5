/** The alarm: shown instead of a channel's work when its keys do not agree. */
import { fill, find, show, showOnly, slots } from "../dom/templates.ts";
import type { Alarm, ChannelKeys } from "./keyrings.ts";

const panel = find(document, "[data-alarm-panel]", HTMLElement);

/** Shows the first alarm among these channels, or takes it away where there is none. Gives whether it is shown. */
export function alarmFor(channels: Iterable<ChannelKeys>): boolean {
  for (const keys of channels) {
    if (keys.state !== "alarm") continue;
    raise(keys.alarm);
    return true;
  }
  show(panel, false);
  return false;
}

/** Takes it off the page; for when the keys close. */
export function silence(): void {
  show(panel, false);
}

function raise({ kind, name, offered, own }: Alarm): void {
  showOnly(panel, "data-alarm", kind);
  fill(panel, "alarm-channel", name);
  compare("alarm-offered", offered);
  compare("alarm-keyring", own);
  show(panel, true);
  panel.focus();
}

function compare(slot: string, fingerprint: string): void {
  fill(panel, slot, fingerprint);
  for (const place of slots(panel, slot)) if (place.parentElement !== null) show(place.parentElement, fingerprint !== "");
}
