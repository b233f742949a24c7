/**
 * The output of a node that is a process. All lines of one turn of the event loop go out in one write:
 *
 * 1. {@linkcode Output.write} appends a line to the buffer, and starts the flush if it is not running.
 * 2. At the end of the turn the flush writes the whole buffer, and repeats that until the buffer is empty.
 *
 * @module
 */

/** A buffered output of lines. */
export class Output {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #broken = Promise.withResolvers<void>();
  /** Lines that the flush has not taken yet. */
  #buffer = "";
  /** Characters that the flush is writing. */
  #inFlight = 0;
  /** The running flush; undefined while there is nothing to write. */
  #flushing: Promise<void> | undefined;
  /** The error of the first write that failed. After it, nothing is written. */
  #failure: unknown;

  constructor(writable: WritableStream<Uint8Array>) {
    this.#writer = writable.getWriter();
  }

  /** Number of characters not written yet. */
  get unwritten(): number {
    return this.#buffer.length + this.#inFlight;
  }

  /** Resolves when a write fails; otherwise never. */
  get broken(): Promise<void> {
    return this.#broken.promise;
  }

  /** Adds a line, with its line feed. It is written at the end of the turn. */
  write(line: string): void {
    if (this.#failure !== undefined) return;
    this.#buffer += line;
    this.#flushing ??= this.#flush();
  }

  /** Resolves when everything is written, or a write has failed. */
  async flushed(): Promise<void> {
    await this.#flushing;
  }

  /**
   * Waits until everything is written.
   *
   * @throws {Error} A write failed, unless only because the reader has closed the pipe.
   */
  async finish(): Promise<void> {
    await this.#flushing;
    const failure = this.#failure;
    if (failure === undefined || failure instanceof Deno.errors.BrokenPipe) return;
    throw new Error(`Cannot write output: ${(failure as Error).message ?? failure}`, { cause: failure });
  }

  async #flush(): Promise<void> {
    try {
      while (this.#buffer !== "") {
        await endOfTurn();
        const text = this.#buffer;
        this.#buffer = "";
        this.#inFlight = text.length;
        await this.#writer.write(this.#encoder.encode(text));
        this.#inFlight = 0;
      }
    } catch (error) {
      this.#failure = error;
      this.#inFlight = 0;
      this.#broken.resolve();
    }
    this.#flushing = undefined;
  }
}

const setImmediate = (globalThis as unknown as { setImmediate: (callback: () => void) => void }).setImmediate;

/** Resolves when all promise callbacks that are due have run. (A timer would do too, but takes two milliseconds.) */
export function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
