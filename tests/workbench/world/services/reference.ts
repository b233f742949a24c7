/** Requests and a simple model of a key-value store, for the tests of the services. */

import fc from "fast-check";
import type { Body } from "../../../../lib/protocol.ts";
import type { Reply } from "../../../../lib/workbench/world/services/service.ts";

/** Values by key, both as JSON. */
export type Model = Map<string, string>;

/** Performs a request on a model, in place. */
export function performOnModel(model: Model, body: Body): Reply {
  const [key, current] = [text(body.key), model.get(text(body.key))];
  const missing = { type: "error", code: 20, text: "key does not exist" };
  if (body.type === "read") return current === undefined ? missing : { type: "read_ok", value: JSON.parse(current) };
  if (body.type === "write") {
    model.set(key, text(body.value));
    return { type: "write_ok" };
  }
  if (current === undefined && !body.create_if_not_exists) return missing;
  if (current !== undefined && current !== text(body.from)) {
    return { type: "error", code: 22, text: `current value ${current} is not ${text(body.from)}` };
  }
  model.set(key, text(body.to));
  return { type: "cas_ok" };
}

function text(value: unknown): string {
  return JSON.stringify(value);
}

// Few keys and values, so that they collide often. Objects have one field at most, so that equal values have equal
// JSON.
const KEY = fc.constantFrom("x", "y", 1, ["x"], null);
const VALUE = fc.constantFrom(0, 1, "1", null, [], { a: 1 }, false).map((value) => structuredClone(value));

/** Arbitrary request to a key-value service. */
export const REQUEST: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ type: fc.constant("read"), key: KEY }),
  fc.record({ type: fc.constant("write"), key: KEY, value: VALUE }),
  fc.record({
    type: fc.constant("cas"),
    key: KEY,
    from: VALUE,
    to: VALUE,
    create_if_not_exists: fc.constantFrom(true, false),
  }),
);

/** Arbitrary requests of a few clients. */
export const REQUESTS: fc.Arbitrary<{ client: string; request: Body }[]> = fc.array(
  fc.record({ client: fc.constantFrom("n0", "n1", "n2"), request: REQUEST }),
  { maxLength: 150, size: "max" },
);

/** Arbitrary seed of a service. */
export const SEED: fc.Arbitrary<string> = fc.string({ minLength: 1 });

/** Request to read x. */
export const READ: Body = { type: "read", key: "x" };

/** Creates a request to write x. */
export function write(value: unknown, key: unknown = "x"): Body {
  return { type: "write", key, value };
}

/** Creates a request to compare and set x. */
export function cas(from: unknown, to: unknown, more: Record<string, unknown> = {}): Body {
  return { type: "cas", key: "x", from, to, ...more };
}
