/** Module with an infinite loop when it is imported. */

export default function idle(): void {}
for (;;);
