/** Having a picture drawn in the sandboxed frame (pages/preview.ts). What comes back from there is believed no further than it must be. */
import { clone, find } from "../dom/templates.ts";

/** Milliseconds: a large picture on a slow machine takes a few seconds. A frame that died answers nothing. */
const patience = 20_000;

/** Puts the frame into `place` and has it draw `bytes`, which are gone afterwards. Gives whether the picture is shown; else it is empty. */
export async function draw(place: HTMLElement, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<boolean> {
  const frame = find(clone("letter-file-picture"), "iframe", HTMLIFrameElement);
  const loaded = new Promise((resolve) => {
    frame.addEventListener("load", resolve, { once: true });
  });
  frame.hidden = true;
  place.replaceChildren(frame);
  const size = await Promise.race([loaded.then(() => ask(frame, bytes, type)), elapsed()]);
  if (size === undefined) place.replaceChildren();
  else {
    frame.style.aspectRatio = `${String(size.width)} / ${String(size.height)}`;
    frame.style.maxInlineSize = `${String(size.width)}px`;
    frame.hidden = false;
  }
  return size !== undefined;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The frame has an origin of its own, which has no name: only the port that it is given here is heard. */
async function ask(frame: HTMLIFrameElement, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Size | undefined> {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<Size | undefined>((resolve) => {
    port1.addEventListener("message", ({ data }: MessageEvent<unknown>) => resolve(sizeIn(data)), { once: true });
  });
  port1.start();
  frame.contentWindow?.postMessage(undefined, "*", [port2]);
  port1.postMessage({ bytes: bytes.buffer, type }, [bytes.buffer]);
  return answer;
}

function sizeIn(data: unknown): Size | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { width, height } = data as Partial<Record<keyof Size, unknown>>;
  return isSide(width) && isSide(height) ? { width, height } : undefined;
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}

async function elapsed(): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), patience);
  });
}
