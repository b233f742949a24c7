/**
 * Lanes of the picture of messages: nodes, services, then clients.
 *
 * Each opened client has a name of its own, so a run has thousands. Those of one worker share a lane; if there are many
 * workers, all clients do.
 *
 * @module
 */

/** @typedef {import("./run_data.js").Messages} Messages */
/** @typedef {Pick<import("./run_data.js").OperationColumns, "worker">} OperationColumns */

/** Largest number of workers that have a lane each. */
const MOST_WORKERS = 30;

/** Lane of clients that belong to no worker: those that send `init`, and those of the nemesis. */
const OTHERS = "setup";

/**
 * @typedef {object} Lanes
 * @property {string[]} labels From the top.
 * @property {number[]} laneOf Lane by position in `names`.
 */

/**
 * Assigns everything that sends or receives to a lane.
 *
 * @param {Messages} messages
 * @param {OperationColumns} operations
 * @param {readonly string[]} nodes Names of the nodes, which come first.
 * @returns {Lanes}
 */
export function lanesOf(messages, operations, nodes) {
  const workerOf = workersByClient(messages, operations);
  const workers = [...new Set(workerOf.filter((worker) => worker !== -1))].sort((a, b) => a - b);
  const clientLabel = (/** @type {number} */ worker) => {
    if (worker === -1) return OTHERS;
    return workers.length > MOST_WORKERS ? "clients" : `worker ${worker}`;
  };
  const labelOf = messages.names.map((name, position) =>
    messages.isClient[position] ? clientLabel(workerOf[position]) : name
  );
  const services = messages.names.filter((name, position) => !messages.isClient[position] && !nodes.includes(name));
  const clients = workers.map(clientLabel);
  const present = new Set(labelOf);
  const labels = [...new Set([...nodes, ...services.sort(), ...clients, OTHERS])].filter((label) => present.has(label));
  return { labels, laneOf: labelOf.map((label) => labels.indexOf(label)) };
}

/**
 * @param {Messages} messages
 * @param {OperationColumns} operations
 * @returns {number[]} Worker of each client by position in `names`; -1 if it has none.
 */
function workersByClient({ names, isClient, src, operation, count }, operations) {
  const workerOf = names.map(() => -1);
  for (let row = 0; row < count; row++) {
    if (operation[row] !== -1 && isClient[src[row]]) workerOf[src[row]] = operations.worker[operation[row]];
  }
  return workerOf;
}
