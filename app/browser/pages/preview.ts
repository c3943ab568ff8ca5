/**
 * The frame that draws a picture (app/web/desk/preview.py). It has an origin of its own: no cookie, no storage, no keys, nothing of the page
 * around it, and no connection. It is given the bytes of one picture, decodes them, and shows a canvas with what came of it.
 */

/** Pixels of the longer side of what is shown; a picture that is larger is drawn smaller. */
const longest = 4096;

/** What the page asks for. */
interface Order {
  readonly bytes: ArrayBuffer;
  readonly type: string;
}

/** What it is told: how large the picture came out, or that it could not be decoded. */
type Outcome = { readonly width: number; readonly height: number } | { readonly failed: true };

const canvas = document.querySelector("canvas");

addEventListener("message", ({ source, origin, ports: [port] }) => {
  // `location.origin` is that of the address, which the page around shares; this frame's own is none.
  if (source !== parent || origin !== location.origin || port === undefined) return;
  port.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    void answer(data).then((outcome) => {
      port.postMessage(outcome);
    });
  });
  port.start();
});

async function answer(order: unknown): Promise<Outcome> {
  try {
    return await draw(order as Order);
  } catch {
    return { failed: true };
  }
}

async function draw({ bytes, type }: Order): Promise<Outcome> {
  const context = canvas?.getContext("2d");
  if (canvas === null || !context) return { failed: true };
  const picture = await createImageBitmap(new Blob([bytes], { type }));
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  fit(canvas);
  return { width: canvas.width, height: canvas.height };
}

/** Inside whatever room the page gives the frame. Set here, because a style sheet would be one more thing to load. */
function fit(shown: HTMLCanvasElement): void {
  document.body.style.margin = "0";
  Object.assign(shown.style, { display: "block", margin: "auto", maxInlineSize: "100%", maxBlockSize: "100vh" });
  shown.hidden = false;
}
