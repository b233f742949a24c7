/** Module whose import waits until the test releases it, as a module does that serves its program when imported. */

await new Promise((resolve) => globalThis.addEventListener("let go", resolve, { once: true }));
export default function idle(): void {}
