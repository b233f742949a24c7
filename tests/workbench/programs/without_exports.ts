/** Module without exports. */

export {};
