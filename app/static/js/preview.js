"use strict";
(() => {
  // pages/preview.ts
  var longest = 4096;
  var canvas = document.querySelector("canvas");
  addEventListener("message", ({ source, origin, ports: [port] }) => {
    if (source !== parent || origin !== location.origin || port === void 0) return;
    port.addEventListener("message", ({ data }) => {
      void answer(data).then((outcome) => {
        port.postMessage(outcome);
      });
    });
    port.start();
  });
  async function answer(order) {
    try {
      return await draw(order);
    } catch {
      return { failed: true };
    }
  }
  async function draw({ bytes, type }) {
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
  function fit(shown) {
    document.body.style.margin = "0";
    Object.assign(shown.style, { display: "block", margin: "auto", maxInlineSize: "100%", maxBlockSize: "100vh" });
    shown.hidden = false;
  }
})();
