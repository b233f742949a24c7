/** A strict reader of the Trace Event Format: what it allows, and what Perfetto leaves out without a word. */

interface TraceEvent {
  ph: string;
  name: string;
  pid: number;
  tid?: number;
  ts?: number;
  dur?: number;
  id?: number;
  cat?: string;
  bp?: string;
  args?: Record<string, unknown>;
}

/** Fields of each phase of event: those that it must have, and those that it may have. */
const FIELDS: Readonly<Record<string, [required: string[], optional: string[]]>> = {
  M: [["name", "pid", "args"], ["tid"]],
  X: [["name", "cat", "ts", "dur", "pid", "tid", "args"], []],
  C: [["name", "ts", "pid", "args"], []],
  s: [["name", "cat", "id", "ts", "pid", "tid"], []],
  t: [["name", "cat", "id", "ts", "pid", "tid"], []],
  f: [["name", "cat", "id", "ts", "pid", "tid", "bp"], []],
};

/** Names of metadata that Perfetto reads, each with its argument. */
const METADATA: Readonly<Record<string, string>> = {
  process_name: "name",
  process_sort_index: "sort_index",
  thread_name: "name",
  thread_sort_index: "sort_index",
};

/** Events of a trace, by phase. */
export function eventsOf(text: string): Partial<Record<string, TraceEvent[]>> {
  return Object.groupBy(JSON.parse(text).traceEvents as TraceEvent[], ({ ph }) => ph);
}

/** Lists everything that is wrong with a trace. */
export function traceProblems(text: string): string[] {
  const trace = JSON.parse(text);
  const events = trace.traceEvents as TraceEvent[];
  const named = new Set(events.filter(({ ph }) => ph === "M").map(({ name, pid, tid }) => `${name} ${pid} ${tid}`));
  return [
    ...["ms", "ns"].includes(trace.displayTimeUnit) ? [] : ["displayTimeUnit is neither ms nor ns"],
    ...events.flatMap(shapeProblems),
    ...events.filter(({ ph }) => ph !== "M").flatMap(({ pid, tid }) => [
      ...named.has(`process_name ${pid} undefined`) ? [] : [`process ${pid} has no name`],
      ...tid === undefined || named.has(`thread_name ${pid} ${tid}`) ? [] : [`thread ${tid} has no name`],
    ]),
    ...sliceProblems(events),
    ...flowProblems(events),
    ...counterProblems(events),
  ];
}

function shapeProblems(event: TraceEvent): string[] {
  const fields = Object.hasOwn(FIELDS, event.ph) ? FIELDS[event.ph] : undefined;
  if (fields === undefined) return [`phase ${event.ph} is unknown`];
  const [required, optional] = fields;
  const wrong = (problem: string) => [`${problem}: ${JSON.stringify(event)}`];
  const names = Object.keys(event).filter((name) => name !== "ph");
  const isWhole = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
  return [
    ...required.filter((name) => !names.includes(name)).flatMap((name) => wrong(`${name} is missing`)),
    ...names.filter((name) => ![...required, ...optional].includes(name)).flatMap((name) => wrong(`${name} is extra`)),
    ...["pid", "tid", "ts", "dur", "id"].filter((name) => name in event && !isWhole(event[name as keyof TraceEvent]))
      .flatMap((name) => wrong(`${name} is no whole number`)),
    ...typeof event.name === "string" && event.name !== "" ? [] : wrong("name is no text"),
    ...event.ph === "M" && !(METADATA[event.name]! in event.args!) ? wrong("metadata without its argument") : [],
    ...event.ph === "C" && !Object.values(event.args!).every(Number.isFinite) ? wrong("counter is no number") : [],
    ...event.ph === "f" && event.bp !== "e" ? wrong("bp is not e") : [],
  ];
}

/** Slices of a track must not overlap: Perfetto drops them. They are in the order of their times. */
function sliceProblems(events: readonly TraceEvent[]): string[] {
  const ends = new Map<number, number>();
  return events.filter(({ ph }) => ph === "X").flatMap((event) => {
    const end = ends.get(event.tid!) ?? 0;
    ends.set(event.tid!, event.ts! + event.dur!);
    return [
      ...event.ts! < end ? [`slice overlaps the one before it: ${JSON.stringify(event)}`] : [],
      ...event.dur! < 1 ? [`slice without length: ${JSON.stringify(event)}`] : [],
    ];
  });
}

/** A flow has one start, then steps, then one end; each at the beginning of a slice, and none earlier than the last. */
function flowProblems(events: readonly TraceEvent[]): string[] {
  const slices = new Set(events.filter(({ ph }) => ph === "X").map(({ tid, ts }) => `${tid} ${ts}`));
  const flows = Map.groupBy(
    events.filter(({ ph }) => "stf".includes(ph)),
    ({ id, cat, name }) => `${cat} ${name} ${id}`,
  );
  return Array.from(flows).flatMap(([key, points]) => {
    const phases = points.map(({ ph }) => ph).join("");
    return [
      .../^st*f$/.test(phases) ? [] : [`flow ${key} is ${phases}`],
      ...points.every(({ ts }, at) => at === 0 || ts! >= points[at - 1]!.ts!) ? [] : [`flow ${key} goes back in time`],
      ...points.every(({ tid, ts }) => slices.has(`${tid} ${ts}`)) ? [] : [`flow ${key} is at no slice`],
    ];
  });
}

function counterProblems(events: readonly TraceEvent[]): string[] {
  const counters = Map.groupBy(events.filter(({ ph }) => ph === "C"), ({ pid, name }) => `${pid} ${name}`);
  return Array.from(counters).flatMap(([key, points]) =>
    points.every(({ ts }, at) => at === 0 || ts! > points[at - 1]!.ts!) ? [] : [`counter ${key} goes back in time`]
  );
}
