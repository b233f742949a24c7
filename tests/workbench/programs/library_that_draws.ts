/** What draws on chance when it is imported, as libraries may. */

export const seed = Math.random();
