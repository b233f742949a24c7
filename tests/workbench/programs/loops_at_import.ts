/** A module that computes without end while it is imported. */

export default function idle(): void {}
for (;;);
