/** The part of `@std/uuid/v7` that this project uses. */
export function extractTimestamp(uuid: string): number;
export function generate(timestamp?: number): string;
