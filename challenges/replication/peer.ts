/**
 * Peers: which incarnation speaks, what it has, whether it hears us (links may be cut one way), and how far away it is.
 *
 * @module
 */
import { type Counts, join, type Segments, type Vector } from "./log.ts";

/** The one message. All of it is cumulative: one that is lost, doubled or late costs time only. */
export interface Update<E, S> {
  type: "replicate";
  /** The sender's incarnation, which names the log that it appends to. */
  from: string;
  /** Orders the messages of an incarnation: µs since its start, but higher than any before. */
  seq: number;
  /** The newest message of the receiver that the sender has: its incarnation, its seq, and for how many µs. */
  ack?: [incarnation: string, seq: number, heldFor: number];
  /** The sender has all that the receiver had when it sent its message with this seq; if absent, `have` says all. */
  base?: number;
  /** Counts that the sender has beyond that, and beyond `entries`. */
  have: Counts;
  entries?: Segments<E>;
  /** Where the entries begin that the sender still holds, and the state that all before led to. */
  snapshot?: [starts: Counts, state: S];
  /** In a hub topology: the hub that the sender follows, and the ms until its own next round. */
  hub?: string;
  next?: number;
  /** The receiver is to answer at once. */
  question?: true;
}

/** One other node as this one sees it. Times are ms since this node started; a seq is such a time in µs. */
export class Peer {
  /** The present incarnation, which all below is about; undefined until one has named ours. */
  incarnation?: string;
  /** Its newest message, when that came, and the newest seq that we had used by then. */
  heard?: { incarnation: string; seq: number; at: number; ourSeq: number };
  /** The last message of an incarnation that may not be present. To acknowledge it lets that one prove itself. */
  unproven?: { incarnation: string; seq: number; at: number };
  /** Vector of what it has, by its newest message. */
  acked: Vector = [];
  /** Vector of what it will have when all that is under way arrives: `acked <= sent`. */
  sent: Vector = [];
  /** The newest of its messages with a vector all of which this node has, and that vector. */
  common?: { seq: number; vector: Vector };
  /** This node's vector at each of its last messages to it, the oldest first. The peer's `base` refers to one. */
  readonly told: { seq: number; vector: Vector }[] = [];
  /** The newest seq of ours that it has heard, and the last that it is to acknowledge: of entries, or a question. */
  ackedSeq = -1;
  awaitedSeq = -1;
  /** Since when an acknowledgement is awaited; undefined if `ackedSeq >= awaitedSeq`. */
  unackedSince?: number;
  /** When the first entries came that we have not acknowledged. */
  ackPendingSince?: number;
  /** Round trip in ms: smoothed, its mean deviation, and the shortest. */
  roundTrip?: { smoothed: number; deviation: number; shortest: number };
  /** Questions in a row without an answer, and when the last one was sent. */
  questions = 0;
  askedAt = -Infinity;
  /** Since when it is suspected to be unreachable, and the seq that it must acknowledge to be trusted again. */
  suspected?: { since: number; seq: number };
  /** The hub that it follows, and when its next round is due. */
  hub?: string;
  nextRound = -Infinity;
  constructor(readonly id: string) {}

  /** Notes which incarnation sent a message; returns true for the present one. `ourSeq` is the newest that we used. */
  recognize({ from, seq, ack }: Update<unknown, unknown>, own: string, ourSeq: number, at: number): boolean {
    if (from !== this.incarnation) {
      // Whoever has heard something newer than the incarnation that we know was alive after it.
      if (ack?.[0] !== own || ack[1] <= (this.heard?.ourSeq ?? -1)) {
        this.unproven = { incarnation: from, seq, at };
        return false;
      }
      this.incarnation = from;
      this.heard = this.common = undefined;
      this.acked = this.sent = [];
    }
    this.unproven = undefined;
    if (this.heard === undefined || seq > this.heard.seq) this.heard = { incarnation: from, seq, at, ourSeq };
    return true;
  }

  /** Notes that it has heard one of our messages. */
  noteAck(seq: number, heldFor: number, now: number): void {
    if (seq <= this.ackedSeq) return;
    this.ackedSeq = seq;
    this.#measure(Math.max(0, now - (seq + heldFor) / 1000));
    if (this.unackedSince === undefined) return;
    this.questions = 0;
    // What was sent after the acknowledged part has been under way for less long.
    this.unackedSince = seq >= this.awaitedSeq ? undefined : now;
  }

  /** Notes what it has. What it lacks of that which has arrived, or should have, was lost. */
  noteVector(have: Vector, now: number): void {
    const { smoothed, deviation } = this.roundTrip ?? { smoothed: Infinity, deviation: 0 };
    const isLate = now - this.awaitedSeq / 1000 > smoothed + 2 * deviation + 5;
    this.acked = have;
    this.sent = isLate || this.ackedSeq >= this.awaitedSeq ? have : join(this.sent, have);
  }

  /** Time to wait for an answer, ms; RFC 6298's until measured. The cap is for pauses, which are no distance. */
  get answerTime(): number {
    if (this.roundTrip === undefined) return 1000;
    const { smoothed, deviation, shortest } = this.roundTrip;
    return Math.min(smoothed + Math.max(100, 4 * deviation), 2000 + 10 * shortest);
  }

  /** Measures the round trip as RFC 6298, but with a lower first deviation, and a limit on what one sample can say. */
  #measure(sample: number): void {
    const first = Math.min(sample, 1000);
    const before = this.roundTrip ?? { smoothed: first, deviation: first / 15, shortest: sample };
    const error = Math.min(sample, 4 * (before.smoothed + 100)) - before.smoothed;
    const deviation = before.deviation + (Math.abs(error) - before.deviation) / 4;
    this.roundTrip = { smoothed: before.smoothed + error / 8, deviation, shortest: Math.min(before.shortest, sample) };
  }
}

type Field = [expected: string, isGood: (value: unknown) => boolean];
const isTuple = (...parts: Field[]): Field[1] => (value) =>
  Array.isArray(value) && value.length === parts.length && parts.every(([_, isGood], i) => isGood(value[i]));
const isObjectOf = ([_, isGood]: Field): Field[1] => (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isGood);
const STRING: Field = ["a string", (value) => typeof value === "string"];
const COUNT: Field = ["a whole number", (value) => Number.isSafeInteger(value) && Number(value) >= 0];
/** A vector in a message. */
export const COUNTS: Field = ["whole numbers by log", isObjectOf(COUNT)];
const ACK: Field = ["[incarnation, seq, µs]", isTuple(STRING, COUNT, COUNT)];
const SEGMENTS: Field = ["[from, entries] by log", isObjectOf(["", isTuple(COUNT, ["", Array.isArray])])];
const STATE: Field = ["[whole numbers by log, state]", isTuple(COUNTS, ["", () => true])];
const TRUE: Field = ["true", (value) => value === true];
const REQUIRED = { from: STRING, seq: COUNT, have: COUNTS };
const OPTIONAL = {
  ack: ACK,
  base: COUNT,
  entries: SEGMENTS,
  snapshot: STATE,
  hub: STRING,
  next: COUNT,
  question: TRUE,
};

/** True for the body of an {@linkcode Update}; otherwise says what was expected. */
export function isUpdate(body: Record<string, unknown>): true | string {
  for (const [name, [expected, isGood]] of Object.entries({ ...REQUIRED, ...OPTIONAL })) {
    if (isGood(body[name]) || (Object.hasOwn(OPTIONAL, name) && body[name] === undefined)) continue;
    return `expected ${name} to be ${expected}, got ${JSON.stringify(body[name])?.slice(0, 60)}`;
  }
  return true;
}
