import { assert, assertEquals } from "@std/assert";
import { confirm, createPeer, isFormer, learn, measuredAnswerTime, restarted } from "../../lib/replication/peer.ts";

/** A peer that is 10 ms away and has 1 entry of stream 0; 3 have been sent to it, with stamp 1_000_000. */
function peerWithNews() {
  const peer = createPeer("n1");
  confirm(peer, [0, 0, "own"], 10);
  learn(peer, [1], [], 10);
  peer.sent = [3];
  peer.lastSent = peer.wanting = 1_000_000;
  peer.waitingSince = 1000;
  return peer;
}

Deno.test("what a peer lacks was lost if it has heard the last news, or should have", () => {
  const heard = peerWithNews();
  confirm(heard, [1_000_000, 0, "own"], 1005);
  learn(heard, [1], [], 1005);
  assertEquals(heard.sent, [1]);

  const late = peerWithNews();
  learn(late, [1], [], 1100);
  assertEquals(late.sent, [1]);

  const underWay = peerWithNews();
  learn(underWay, [1, 1], [], 1005);
  assertEquals(underWay.sent, [3, 1]);
});

Deno.test("a pause of some seconds does not make a peer seem far away for long", () => {
  const paused = createPeer("n1");
  for (let i = 0; i < 20; i++) confirm(paused, [1000 * i, 0, "own"], i + 5000);
  assert(measuredAnswerTime(paused)! <= 2000 + 10 * 5000);
  const near = createPeer("n1");
  for (let i = 0; i < 20; i++) confirm(near, [1000 * i, 0, "own"], i + 1);
  confirm(near, [20_000, 0, "own"], 5020);
  assert(measuredAnswerTime(near)! < 1000, "one pause");
  for (let i = 21; i < 40; i++) confirm(near, [1000 * i, 0, "own"], i + 5000);
  assert(measuredAnswerTime(near)! <= 2010);
  const far = createPeer("n1");
  for (let i = 0; i < 20; i++) confirm(far, [1000 * i, 0, "own"], i + 1600);
  assert(measuredAnswerTime(far)! >= 1600, "but one that is far away is given time");
});

Deno.test("a late message of an earlier life is recognised, and who answers what was sent since is not of one", () => {
  const peer = createPeer("n1");
  assert(!isFormer(peer, "n1.a", 5, undefined));
  restarted(peer, "n1.b", 500);
  peer.heard = { stamp: 1, at: 1000 };
  assert(isFormer(peer, "n1.a", 499, undefined));
  assert(!isFormer(peer, "n1.c", 501, undefined));
  assert(isFormer(peer, "n1.a", 499, [1_000_000, 0, "own"]));
  assert(!isFormer(peer, "n1.a", 499, [1_000_001, 0, "own"]), "its clock was put back");
  restarted(peer, "n1.c", 300);
  peer.heard = { stamp: 1, at: 2000 };
  assert(isFormer(peer, "n1.b", 500, undefined), "another life has followed that one");
  assert(!isFormer(peer, "n1.b", 500, [2_000_001, 0, "own"]));
});
