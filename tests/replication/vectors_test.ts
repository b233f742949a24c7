import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { covers, least, put, raise, type Vector } from "../../lib/replication/vectors.ts";

const vectors: fc.Arbitrary<Vector> = fc.array(fc.nat(5), { maxLength: 4 });

Deno.test("vectors form a lattice, whatever their lengths", () => {
  fc.assert(fc.property(vectors, vectors, vectors, (a, b, c) => {
    const joined = [...a];
    raise(joined, b);
    assert(covers(joined, a) && covers(joined, b));
    assert(!(covers(c, a) && covers(c, b)) || covers(c, joined));
    const met = least(a, [b]);
    assert(covers(a, met) && covers(b, met));
    assert(!(covers(a, c) && covers(b, c)) || covers(met, c));
  }));
});

Deno.test("put() leaves no gaps", () => {
  const vector: Vector = [];
  put(vector, 2, 7);
  put(vector, 0, 1);
  assertEquals(vector, [1, 0, 7]);
});
