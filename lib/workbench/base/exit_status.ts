/**
 * The exit statuses of `maelstrom.sh`: those of Maelstrom and, after Ctrl-C, that of any program. 1 is also the status
 * of a valid run that is not within its limits.
 *
 * @module
 */

/** The exit statuses, by their names. */
export const EXIT_STATUS = {
  passed: 0,
  failed: 1,
  unknown: 2,
  /** That of a process ended by SIGINT, as shells report it. */
  interrupted: 130,
  /** That of a process ended by SIGKILL: a simulation whose node computes without end cannot be ended otherwise. */
  killed: 137,
  usage: 254,
  error: 255,
} as const;
