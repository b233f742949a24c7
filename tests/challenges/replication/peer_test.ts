import { assertEquals } from "@std/assert";
import { Peer } from "../../../challenges/replication/peer.ts";

Deno.test("an acknowledgement of a message that was never sent does not hide later ones", () => {
  const peer = new Peer("n1");
  peer.noteAck(2 ** 53 - 1, 0, 1);
  assertEquals(peer.acks.newest, -1, "nothing was sent yet");
  peer.sentVectors.push({ seq: 5000, vector: [1] });
  peer.noteAck(5001, 0, 10);
  assertEquals(peer.acks.newest, -1);
  peer.noteAck(5000, 0, 12);
  assertEquals([peer.acks.newest, peer.roundTrip?.smoothed], [5000, 7]);
});
