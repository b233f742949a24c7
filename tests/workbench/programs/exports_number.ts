/** A module whose createProgram is no function. */

export const createProgram = 5;
