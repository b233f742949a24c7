/**
 * Pictures on a canvas with time from left to right: size, axis, faults, mouse, touch and keyboard. What is drawn on
 * them is in `operations.js` and `messages.js`.
 *
 * @module
 */

import { element } from "./dom.js";
import { formatTime, ticksBetween } from "./format.js";
import { faultNames, mergeBands } from "./run_data.js";
import { onThemeChange } from "./theme.js";

/** @typedef {import("./view.js").View} View */
/** @typedef {import("./run_data.js").FaultBand} FaultBand */

/**
 * Surface to draw on, in CSS pixels.
 *
 * @typedef {object} Surface
 * @property {CanvasRenderingContext2D} context
 * @property {number} width
 * @property {number} height
 * @property {number} left Width of the labels.
 * @property {number} top Height of what is above the lanes.
 * @property {(time: number) => number} xOf
 * @property {(x: number) => number} timeAt
 * @property {(name: string) => string} colour Value of a CSS variable.
 */

/**
 * Picture of something.
 *
 * @typedef {object} Picture
 * @property {HTMLElement} root
 * @property {() => void} redraw Draws soon, once for many calls.
 */

/**
 * Definition of a picture.
 *
 * @typedef {object} PictureOptions
 * @property {string} label Name for screen readers.
 * @property {View} view
 * @property {readonly FaultBand[]} faults
 * @property {() => string[]} lanes Labels of the lanes, from the top.
 * @property {number} laneHeight
 * @property {(surface: Surface) => void} draw
 * @property {(x: number, y: number, surface: Surface) => { text: string, select: () => void } | null} find What is at a
 *   point.
 * @property {(step: 1 | -1) => void} [step] Selects the next or the previous thing.
 */

/** Height of the axis below the lanes, pixels. */
export const AXIS = 28;
/** Height of the strip of each kind of fault, above the lanes. */
const FAULT = 14;
/** Space above the lanes, besides the strips of faults. */
const MARGIN = 6;

/**
 * Creates a picture with its toolbar.
 *
 * @param {PictureOptions} options
 * @returns {Picture}
 */
export function createPicture(options) {
  const { label, view } = options;
  const canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": label });
  const tip = element("div", { class: "tip", role: "tooltip", hidden: true });
  const frame = element("div", { class: "picture" }, canvas, tip);
  let isWaiting = false;
  /** @type {Surface | null} */
  let surface = null;
  const draw = () => {
    isWaiting = false;
    surface = prepare(canvas, options);
    if (surface !== null) drawAll(surface, options);
  };
  const redraw = () => {
    if (!isWaiting) requestAnimationFrame(draw);
    isWaiting = true;
  };
  new ResizeObserver(redraw).observe(frame);
  onThemeChange(draw);
  view.onChange(redraw);
  listenToPointer(canvas, tip, options, () => surface);
  canvas.addEventListener("keydown", (event) => onKey(event, options));
  return { root: element("div", {}, toolbar(view, label), frame), redraw };
}

/**
 * @param {View} view
 * @param {string} label
 * @returns {HTMLElement}
 */
function toolbar(view, label) {
  const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ click) =>
    element("button", { type: "button", title: name, "aria-label": name, click }, text);
  return element(
    "div",
    { class: "toolbar", role: "group", "aria-label": `Period of ${label}` },
    button("−", "Zoom out", () => view.zoom(2)),
    button("+", "Zoom in", () => view.zoom(0.5)),
    button("←", "Earlier", () => view.pan(-0.5)),
    button("→", "Later", () => view.pan(0.5)),
    button("Whole run", "Whole run", () => view.fit()),
    periodNote(view),
    element("span", { class: "hint" }, "Drag to move; Ctrl and wheel, or pinch, to zoom"),
  );
}

/**
 * Text that always says which part of the run the pictures show.
 *
 * @param {View} view
 * @returns {HTMLElement}
 */
function periodNote(view) {
  const note = element("span", { class: "period" });
  const show = () => note.textContent = shownText(view.period(), view.end);
  view.onChange(show);
  show();
  return note;
}

/**
 * Says which part of a run is shown.
 *
 * @param {{ from: number, to: number }} period Microseconds.
 * @param {number} end End of the run, microseconds.
 * @returns {string}
 */
export function shownText({ from, to }, end) {
  const whole = formatTime(end);
  if (from <= 0 && to >= end) return `Shown: the whole run, ${whole}`;
  return `Shown: ${formatTime(Math.max(0, from))} to ${formatTime(Math.min(to, end))} of ${whole}`;
}

/**
 * Fits the canvas to its frame and the lanes.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {PictureOptions} options
 * @returns {Surface | null} Null while it is not visible.
 */
function prepare(canvas, { view, lanes, laneHeight, faults }) {
  const width = canvas.parentElement?.clientWidth ?? 0;
  if (width === 0) return null;
  const names = lanes();
  const top = MARGIN + faultNames(faults).length * FAULT;
  const height = top + Math.max(1, names.length) * laneHeight + AXIS;
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  context.font = `12px ${style.fontFamily}`;
  const widest = Math.max(0, ...[...names, ...faultNames(faults)].map((name) => context.measureText(name).width));
  const left = Math.min(Math.ceil(widest) + 12, width * 0.3);
  const { from, to } = view.period();
  const scale = (width - left) / (to - from);
  return {
    context,
    width,
    height,
    left,
    top,
    xOf: (time) => left + (time - from) * scale,
    timeAt: (x) => from + (x - left) / scale,
    colour: (name) => style.getPropertyValue(`--${name}`),
  };
}

/**
 * @param {Surface} surface
 * @param {PictureOptions} options
 */
function drawAll(surface, options) {
  const { context, width, height, left, colour } = surface;
  context.fillStyle = colour("surface");
  context.fillRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(left, 0, width - left, height);
  context.clip();
  drawFaults(surface, options.faults);
  drawAxis(surface, options);
  options.draw(surface);
  context.restore();
  context.fillStyle = colour("text");
  context.textBaseline = "middle";
  context.textAlign = "right";
  options.lanes().forEach((name, lane) => {
    context.fillText(name, left - 6, surface.top + (lane + 0.5) * options.laneHeight, left - 8);
  });
  context.fillStyle = colour("fault-text");
  faultNames(options.faults).forEach((name, strip) => {
    context.fillText(name, left - 6, MARGIN / 2 + (strip + 0.5) * FAULT, left - 8);
  });
}

/**
 * Draws a strip for each kind of fault, and one band for all of them behind the lanes.
 *
 * @param {Surface} surface
 * @param {readonly FaultBand[]} faults
 */
function drawFaults({ context, height, top, xOf, colour }, faults) {
  context.fillStyle = colour("fault");
  for (const { start, end } of mergeBands(faults)) {
    context.fillRect(xOf(start), top, Math.max(1, xOf(end) - xOf(start)), height - top - AXIS);
  }
  const names = faultNames(faults);
  context.fillStyle = colour("fault-edge");
  for (const { name, start, end } of faults) {
    const y = MARGIN / 2 + names.indexOf(name) * FAULT + 3;
    context.fillRect(xOf(start), y, Math.max(2, xOf(end) - xOf(start)), FAULT - 6);
  }
}

/**
 * @param {Surface} surface
 * @param {PictureOptions} options
 */
function drawAxis({ context, width, height, left, top, xOf, colour }, { view, laneHeight, lanes }) {
  const { from, to } = view.period();
  context.fillStyle = colour("line");
  lanes().forEach((_, lane) => context.fillRect(left, top + (lane + 1) * laneHeight, width - left, 1));
  context.textBaseline = "middle";
  context.textAlign = "center";
  const ticks = ticksBetween(Math.max(from, 0), to, (width - left) / 90);
  const digits = ticks.length < 2 ? 3 : Math.max(0, Math.ceil(-Math.log10((ticks[1] - ticks[0]) / 1e6) - 1e-9));
  for (const time of ticks) {
    context.fillStyle = colour("line");
    context.fillRect(xOf(time), top, 1, height - top - AXIS + 4);
    context.fillStyle = colour("muted");
    const text = `${(time / 1e6).toFixed(digits)} s`;
    // Labels at the edges are whole.
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(Math.max(xOf(time), left + half), width - half), height - AXIS / 2);
  }
}

/**
 * @param {KeyboardEvent} event
 * @param {PictureOptions} options
 */
function onKey(event, { view, step }) {
  /** @type {Record<string, () => void>} */
  const actions = {
    ArrowLeft: () => view.pan(-0.2),
    ArrowRight: () => view.pan(0.2),
    "+": () => view.zoom(0.5),
    "=": () => view.zoom(0.5),
    "-": () => view.zoom(2),
    Home: () => view.fit(),
    n: () => step?.(1),
    p: () => step?.(-1),
    Escape: () => view.select(null),
  };
  const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
}

/**
 * Lets pointers drag, pinch, hover and click; a wheel with Ctrl zooms.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} tip
 * @param {PictureOptions} options
 * @param {() => Surface | null} surfaceOf
 */
function listenToPointer(canvas, tip, { view, find }, surfaceOf) {
  /** @type {Map<number, { x: number, y: number }>} */
  const down = new Map();
  let moved = 0;
  canvas.addEventListener("wheel", (event) => {
    const surface = surfaceOf();
    if (!event.ctrlKey && !event.metaKey || surface === null) return;
    event.preventDefault();
    view.zoom(Math.exp(event.deltaY / 300), surface.timeAt(event.offsetX));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const surface = surfaceOf();
    if (surface === null) return;
    const before = down.get(event.pointerId);
    if (before === undefined) return showTip(tip, event, find(event.offsetX, event.offsetY, surface));
    moved += Math.abs(event.offsetX - before.x);
    if (moved > 4) canvas.setPointerCapture(event.pointerId);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    drag(view, surface, before.x, event.offsetX, other?.x);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  });
  const end = (/** @type {PointerEvent} */ event) => void down.delete(event.pointerId);
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => tip.hidden = true);
  canvas.addEventListener("click", (event) => {
    const surface = surfaceOf();
    if (moved <= 4 && surface !== null) find(event.offsetX, event.offsetY, surface)?.select();
  });
}

/**
 * Moves the period with one finger or the mouse, or scales it with two fingers.
 *
 * @param {View} view
 * @param {Surface} surface
 * @param {number} before
 * @param {number} after
 * @param {number | undefined} other Place of the other finger.
 */
function drag(view, { timeAt }, before, after, other) {
  if (other === undefined) {
    const { from, to } = view.period();
    const step = timeAt(before) - timeAt(after);
    if (step !== 0) view.show(from + step, to + step);
  } else if (Math.abs(after - other) > 10) {
    view.zoom(Math.abs(before - other) / Math.abs(after - other), timeAt(other));
  }
}

/**
 * @param {HTMLElement} tip
 * @param {PointerEvent} event
 * @param {{ text: string } | null} found
 */
function showTip(tip, event, found) {
  tip.hidden = found === null;
  if (found === null) return;
  tip.textContent = found.text;
  const room = /** @type {HTMLElement} */ (tip.parentElement).clientWidth;
  tip.style.left = `${Math.max(0, Math.min(event.offsetX + 12, room - tip.offsetWidth - 4))}px`;
  tip.style.top = `${event.offsetY + 16}px`;
}

/**
 * Text of a period, for tips.
 *
 * @param {number} start
 * @param {number} duration
 * @returns {string}
 */
export function periodText(start, duration) {
  return duration < 0 ? `from ${formatTime(start)}, open` : `${formatTime(start)} to ${formatTime(start + duration)}`;
}
