/**
 * Shared state of the pictures: the period that they show, and what is selected.
 *
 * @module
 */

/**
 * Selected operation or message.
 *
 * @typedef {{ kind: "operation" | "message", row: number } | null} Selection
 */

/**
 * State, with `from < to`.
 *
 * @typedef {object} View
 * @property {() => { from: number, to: number }} period Microseconds.
 * @property {number} end End of the run, microseconds.
 * @property {() => Selection} selection
 * @property {(from: number, to: number) => void} show
 * @property {(factor: number, at?: number) => void} zoom A factor below 1 zooms in, around a time.
 * @property {(fraction: number) => void} pan Moves the period by a fraction of its length.
 * @property {(time: number) => void} showAround Shows a short period around a time.
 * @property {() => void} fit Shows the whole run.
 * @property {(selection: Selection, time?: number) => void} select
 * @property {(listener: (change: "period" | "selection") => void) => void} onChange
 */

/** Shortest period, microseconds. */
const SHORTEST = 20;

/** Length of the period around a time that a link names, microseconds. */
const AROUND = 400_000;

/**
 * Creates a view of the whole run.
 *
 * @param {number} end End of the run, microseconds.
 * @returns {View}
 */
export function createView(end) {
  const whole = { from: -end * 0.005 - 10, to: end * 1.005 + 10 };
  let period = whole;
  /** Time of the selection. Buttons and keys zoom around it while it is in the period. */
  let anchor = NaN;
  const centre = () => anchor >= period.from && anchor <= period.to ? anchor : (period.from + period.to) / 2;
  /** @type {Selection} */
  let selection = null;
  /** @type {((change: "period" | "selection") => void)[]} */
  const listeners = [];
  const notify = (/** @type {"period" | "selection"} */ change) => listeners.forEach((listener) => listener(change));
  const show = (/** @type {number} */ from, /** @type {number} */ to) => {
    const length = Math.min(Math.max(to - from, SHORTEST), whole.to - whole.from);
    const start = Math.min(Math.max(from, whole.from), whole.to - length);
    period = { from: start, to: start + length };
    notify("period");
  };
  return {
    end,
    period: () => period,
    selection: () => selection,
    show,
    zoom(factor, at = centre()) {
      show(at - (at - period.from) * factor, at + (period.to - at) * factor);
    },
    pan(fraction) {
      const step = (period.to - period.from) * fraction;
      show(period.from + step, period.to + step);
    },
    showAround: (time) => show(time - AROUND / 2, time + AROUND / 2),
    fit: () => show(whole.from, whole.to),
    select(selected, time = NaN) {
      selection = selected;
      anchor = time;
      notify("selection");
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
