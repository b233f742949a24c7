/** The part of `@std/streams` that this project uses; npm's mirror of the standard library comes without types. */
export class TextLineStream extends TransformStream<string, string> {
  constructor(options?: { allowCR?: boolean });
}
