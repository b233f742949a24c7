/** The part of `@std/uuid` and `@std/uuid/v7` that this project uses; npm's mirror of the standard library comes without types. */
export function validate(id: string): boolean;
export function version(id: string): number;
export function extractTimestamp(uuid: string): number;
export function generate(timestamp?: number): string;
