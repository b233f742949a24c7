/** Library that draws a random number when it is imported. */

export const seed = Math.random();
