/**
 * A peer: its incarnation, what it has, whether it hears us (a link may fail one way), and how far away it is.
 *
 * @module
 */
import type { ReplicateMessage } from "../shared/requests.ts";
import { join, type Vector } from "./log.ts";

/** Another node as seen here. Its messages change it below, ours in `schedule.ts`. Times: ms since our start. */
export class Peer {
  /** Present incarnation, which all below is about; undefined until one has acknowledged a message of ours. */
  incarnation?: string;
  /** Its newest message, when that came, and the newest seq that we had used by then. */
  heard?: { incarnation: string; seq: number; at: number; ourSeq: number };
  /** Last message of an incarnation that may not be present. We acknowledge it, so that its sender can prove itself. */
  unproven?: { incarnation: string; seq: number; at: number };
  /** The hub that it follows and the time of its own next round, as its newest message says. */
  readonly announced = { hub: undefined as string | undefined, nextRound: -Infinity };
  /**
   * Entries: `acked` is the vector of its newest message, which it certainly has; `sent` is what it will have when all
   * that is under way arrives, and goes back to `acked` when that may be lost. `acked <= sent`.
   */
  readonly vectors = { acked: [] as Vector, sent: [] as Vector };
  /** Its newest message whose vector ours covers, and that vector: `base` of our next messages. */
  common?: { seq: number; vector: Vector };
  /** Our last messages to it and our vector at each, the oldest first. Its `base` is the seq of one. */
  readonly sentVectors: { seq: number; vector: Vector }[] = [];
  /**
   * Our seqs (µs): the newest that it has acknowledged, the newest that it must (of entries, or of a question), and
   * the start of the wait for that one. `waitingSince` is undefined if `newest >= awaited`.
   */
  readonly acks = { newest: -1, awaited: -1, waitingSince: undefined as number | undefined };
  /** Arrival of the oldest message with entries that we have not acknowledged. */
  ackPendingSince?: number;
  /** Round trip, ms: smoothed, mean deviation, and the shortest ever. */
  roundTrip?: { smoothed: number; deviation: number; shortest: number };
  /** `open`: questions in a row without an answer, counted anew at a suspicion. `lastAt`: time of the last question. */
  readonly questions = { open: 0, lastAt: -Infinity };
  /** Set while the peer is not trusted to hear us. It is trusted again when it acknowledges `seq` or a newer one. */
  suspected?: { since: number; seq: number };
  constructor(readonly id: string) {}

  /** Notes which incarnation sent a message; returns true for the present one. `ourSeq` is the newest that we used. */
  recognize({ from, seq, ack }: ReplicateMessage<unknown, unknown>, ours: string, ourSeq: number, at: number): boolean {
    if (from !== this.incarnation) {
      // To acknowledge a message that is newer than the last sign of the known incarnation, it must have run later.
      if (ack?.[0] !== ours || ack[1] <= (this.heard?.ourSeq ?? -1) || ack[1] > ourSeq) {
        this.unproven = { incarnation: from, seq, at };
        return false;
      }
      this.incarnation = from;
      this.heard = this.common = undefined;
      this.vectors.acked = this.vectors.sent = [];
    }
    this.unproven = undefined;
    if (this.heard === undefined || seq > this.heard.seq) this.heard = { incarnation: from, seq, at, ourSeq };
    return true;
  }

  /** Notes an acknowledgement of our message `seq`, which had reached the peer `heldFor` µs before it sent this. */
  noteAck(seq: number, heldFor: number, now: number): void {
    if (seq <= this.acks.newest || seq > (this.sentVectors.at(-1)?.seq ?? -1)) return; // old, or never sent
    this.acks.newest = seq;
    this.#measure(Math.max(0, now - (seq + heldFor) / 1000));
    if (this.acks.waitingSince === undefined) return;
    this.questions.open = 0;
    // Later messages have been under way for less time.
    this.acks.waitingSince = seq >= this.acks.awaited ? undefined : now;
  }

  /** Notes its vector. Entries that it lacks although they have arrived, or should have, were lost. */
  noteVector(have: Vector, now: number): void {
    const { acks, vectors } = this;
    const { smoothed, deviation } = this.roundTrip ?? { smoothed: Infinity, deviation: 0 };
    const isLate = now - acks.awaited / 1000 > smoothed + 2 * deviation + 5;
    vectors.acked = have;
    vectors.sent = isLate || acks.newest >= acks.awaited ? have : join(vectors.sent, have);
  }

  /** Longest time to wait for an answer, ms; undefined until measured. Its cap is for peers that were paused. */
  get answerTime(): number | undefined {
    if (this.roundTrip === undefined) return undefined;
    const { smoothed, deviation, shortest } = this.roundTrip;
    return Math.min(smoothed + Math.max(100, 4 * deviation), 2000 + 10 * shortest);
  }

  /** Measures the round trip as RFC 6298, but with a lower first deviation, and a limit on the effect of a sample. */
  #measure(sample: number): void {
    const first = Math.min(sample, 1000);
    const before = this.roundTrip ?? { smoothed: first, deviation: first / 15, shortest: sample };
    const error = Math.min(sample, 4 * (before.smoothed + 100)) - before.smoothed;
    const deviation = before.deviation + (Math.abs(error) - before.deviation) / 4;
    this.roundTrip = { smoothed: before.smoothed + error / 8, deviation, shortest: Math.min(before.shortest, sample) };
  }
}
