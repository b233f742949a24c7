import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { abridge, type Abridged, complete } from "../../lib/replication/abridge.ts";
import { createPeer, type Peer } from "../../lib/replication/peer.ts";
import {
  accept,
  append,
  type Counts,
  countsOf,
  createStreams,
  fits,
  segmentsBeyond,
  type Streams,
} from "../../lib/replication/streams.ts";
import { covers, raise } from "../../lib/replication/vectors.ts";

/** One of two nodes, and what it knows of the other. */
interface Side {
  streams: Streams<number>;
  peer: Peer;
  /** Streams of others, of which it hears by itself. */
  heard: Counts;
}

/** A message on its way, with what it should say when it is worked out. */
interface Sent extends Abridged<number> {
  version: number;
  truth: Counts;
}

function createSide(name: string): Side {
  return { streams: createStreams(name), peer: createPeer("other"), heard: {} };
}

const counts = ({ streams }: Side) => countsOf(streams, streams.vector);

function send({ streams, peer }: Side): Sent {
  const entries = segmentsBeyond(streams, peer.sent);
  raise(peer.sent, streams.vector);
  const said = peer.sharedVersion === undefined
    ? { have: countsOf(streams, streams.vector) }
    : abridge(streams, peer, entries);
  return {
    ...structuredClone({ ...said, entries }),
    version: streams.version,
    truth: countsOf(streams, streams.vector),
  };
}

/** Takes in a message, as `replication.ts` does; returns what it said. */
function receive({ streams, peer }: Side, message: Sent): Counts | undefined {
  const have = complete(streams, message);
  if (have === undefined) return undefined;
  if (fits(streams, message.entries ?? {}, [])) {
    accept(streams, message.entries ?? {}, () => {});
  }
  if (covers(streams.vector, have)) {
    raise(peer.shared, have);
    peer.sharedVersion = Math.max(peer.sharedVersion ?? 0, message.version);
  }
  return countsOf(streams, have);
}

const steps = fc.array(
  fc.record({
    side: fc.nat(1),
    action: fc.constantFrom("append", "hear", "send", "send", "receive", "receive", "repeat", "lose"),
    which: fc.nat(50),
  }),
  { minLength: 40, maxLength: 80 },
);

Deno.test("however messages are lost, repeated and reordered, all that their sender had can be worked out", () => {
  let worked = 0;
  let shortened = 0;
  fc.assert(
    fc.property(steps, (steps) => {
      const sides = [createSide("a"), createSide("b")];
      const ways: Sent[][] = [[], []];
      for (const { side, action, which } of steps) {
        const here = sides[side]!;
        const coming = ways[1 - side]!;
        const message = coming[which % coming.length];
        if (action === "append") append(here.streams, which);
        else if (action === "hear") {
          const name = `c${which % 5}`;
          here.heard[name] = counts(here)[name] ?? 0;
          accept(here.streams, { [name]: [here.heard[name]!, [which]] }, () => {});
        } else if (action === "send") ways[side]!.push(send(here));
        else if (message !== undefined) {
          if (action !== "lose") {
            assertEquals(receive(here, message), message.truth);
            worked++;
            if (Object.keys(message.have).length < Object.keys(message.truth).length) shortened++;
          }
          if (action !== "repeat") coming.splice(which % coming.length, 1);
        }
      }
    }),
    { numRuns: 1000, seed: 1 },
  );
  assert(worked > 10_000 && shortened > worked / 10, `${shortened} of ${worked} messages were shortened`);
});

Deno.test("a message is as long as its news: what the receiver has told, and the ends of entries, are left out", () => {
  const [here, there] = [createSide("a"), createSide("b")];
  for (let i = 0; i < 100; i++) accept(there.streams, { [`c${i}`]: [0, [i]] }, () => {});
  receive(here, send(there));
  append(here.streams, 1);
  accept(here.streams, { d: [0, [1, 2]] }, () => {});
  const { beyond, have, entries } = abridge(here.streams, here.peer, { a: [0, [1]] });
  assertEquals([beyond, have, entries], [100, { d: 2 }, undefined]);
});

Deno.test("who does not know any more what it had then, knows that it does not know", () => {
  const { streams } = createSide("a");
  assertEquals(complete(streams, { beyond: 3, have: {} }), undefined);
  for (let i = 0; i < 50_000; i++) append(streams, i);
  assertEquals(complete(streams, { beyond: 3, have: {} }), undefined);
  assertEquals(complete(streams, { have: { b: 2 } }), [0, 2]);
});
