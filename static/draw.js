// Lets the signer draw an optional signature beside the typed name. Without this script its field stays hidden. The
// drawing is sent as text in a hidden field; agreements/domain/drawn_signature.py reads it.
"use strict";
(() => {
  const field = document.getElementById("draw");
  const canvas = document.getElementById("pad");
  const clear = document.getElementById("clear");
  const output = document.getElementById("drawing");
  const { width, height } = canvas; // the grid, as the page has it
  const context = canvas.getContext("2d");
  if (!context || !window.PointerEvent) return;

  const maxPoints = Number(field.dataset.maxPoints);
  const maxStrokes = Number(field.dataset.maxStrokes);
  const MIN_DISTANCE = 3; // in grid units; closer points make no visible difference
  let strokes = output.value
    ? output.value.split(";").map((stroke) => stroke.split(" ").map((point) => point.split(",").map(Number)))
    : [];
  let drawing = false;

  const paint = () => {
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const [start, ...rest] of strokes) {
      context.beginPath();
      context.moveTo(...start);
      for (const point of rest.length ? rest : [start]) context.lineTo(...point);
      context.stroke();
    }
  };

  const keep = () => {
    output.value = strokes.map((stroke) => stroke.map((point) => point.join(",")).join(" ")).join(";");
    clear.disabled = !strokes.length;
  };

  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const on = (place, length, grid) => Math.min(grid, Math.max(0, Math.round((place / length) * grid)));
    return [on(event.clientX - box.left, box.width, width), on(event.clientY - box.top, box.height, height)];
  };

  const add = (event) => {
    const next = point(event);
    const stroke = strokes[strokes.length - 1];
    const last = stroke[stroke.length - 1];
    const points = strokes.reduce((sum, each) => sum + each.length, 0);
    if (points < maxPoints && Math.hypot(next[0] - last[0], next[1] - last[1]) >= MIN_DISTANCE) stroke.push(next);
  };

  const end = () => {
    if (!drawing) return;
    drawing = false;
    keep();
  };

  canvas.addEventListener("pointerdown", (event) => {
    const points = strokes.reduce((sum, each) => sum + each.length, 0);
    if (event.button !== 0 || drawing || strokes.length >= maxStrokes || points >= maxPoints) return;
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    strokes.push([point(event)]);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) add(each);
    paint();
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(name, end);
  clear.addEventListener("click", () => {
    strokes = [];
    keep();
    paint();
    canvas.scrollIntoView({ block: "nearest" });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  field.hidden = false;
  const sharpness = window.devicePixelRatio || 1;
  canvas.width = width * sharpness;
  canvas.height = height * sharpness;
  context.scale(sharpness, sharpness);
  context.lineWidth = 4;
  context.lineCap = context.lineJoin = "round";
  keep();
  paint();
})();
