/** A module that waits when it is imported, as one does that serves its program then; until the test lets it go. */

await new Promise((resolve) => globalThis.addEventListener("let go", resolve, { once: true }));
export default function idle(): void {}
