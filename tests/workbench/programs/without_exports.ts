/** A module that exports nothing. */

export {};
