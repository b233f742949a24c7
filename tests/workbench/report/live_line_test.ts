import { assertEquals } from "@std/assert";
import { createLiveLine, textSource, withLiveLine } from "../../../lib/workbench/report/live_line.ts";

/** A screen that keeps what is written on it. */
function createScreen(isTerminal: boolean, variables: Record<string, string> = {}) {
  const ticks = new Map<() => void, number>();
  const screen = {
    shown: "",
    columns: 40,
    intervals: () => [...ticks.values()],
    tick: () => ticks.forEach((_, tick) => tick()),
    stdout: (text: string) => void (screen.shown += text),
    stderr: (text: string) => void (screen.shown += text),
    isTerminal: { stderr: isTerminal },
    env: (name: string) => variables[name],
    width: () => screen.columns,
    every(interval: number, tick: () => void) {
      ticks.set(tick, interval);
      return () => ticks.delete(tick);
    },
  };
  return screen;
}

/** Removes and returns what was written. */
function taken(screen: { shown: string }): string {
  const { shown } = screen;
  screen.shown = "";
  return shown;
}

Deno.test("a live line on a terminal is drawn again several times a second, as wide as the terminal is then", () => {
  const screen = createScreen(true);
  const line = createLiveLine(screen);
  screen.tick();
  assertEquals([screen.shown, screen.intervals()], ["", [200]]);
  line.show(textSource(() => ["3e broadcast", "12 of 20 s"]));
  assertEquals(screen.shown, "");
  screen.tick();
  assertEquals(taken(screen), "\r\x1b[K3e broadcast  12 of 20 s");
  screen.columns = 20;
  screen.tick();
  assertEquals(taken(screen), "\r\x1b[K3e broadcast");
  screen.columns = 6;
  line.draw();
  assertEquals(taken(screen), "\r\x1b[K3e br");
  line.stop();
  assertEquals([screen.shown, screen.intervals()], ["\r\x1b[K", []]);
});

Deno.test("other output erases a live line, and only if it is there", () => {
  const screen = createScreen(true);
  const line = createLiveLine(screen);
  const machine = withLiveLine(screen, line);
  machine.stderr("Seed\n");
  line.show(textSource(() => ["checking"]));
  line.draw();
  machine.stdout("Valid\n");
  machine.stderr("Stored\n");
  assertEquals(taken(screen), "Seed\n\r\x1b[Kchecking\r\x1b[KValid\nStored\n");
  screen.tick();
  assertEquals(taken(screen), "\r\x1b[Kchecking");
  line.hide();
  line.show(undefined);
  screen.tick();
  assertEquals(taken(screen), "\r\x1b[K");
  line.stop();
});

Deno.test("where there is no terminal, a live line is a sentence every 10 s, without codes", () => {
  const screen = createScreen(false);
  const line = createLiveLine(screen);
  assertEquals(screen.intervals(), [10_000]);
  screen.tick();
  line.show(textSource(() => ["3e", "shrinking\x1b[2J"]));
  line.draw();
  line.hide();
  assertEquals(screen.shown, "");
  screen.tick();
  assertEquals(taken(screen), "3e: shrinking\\x1b[2J\n");
  line.stop();
  assertEquals([screen.shown, screen.intervals()], ["", []]);
});

Deno.test("a live line has colours unless NO_COLOR is set", () => {
  const shown = (variables: Record<string, string>) => {
    const screen = createScreen(true, variables);
    const line = createLiveLine(screen);
    line.show({ parts: ({ pink }) => [{ forms: [{ text: "✕ 1", rank: 1 }], paint: pink }], sentence: () => "" });
    line.draw();
    return screen.shown;
  };
  assertEquals(shown({}), "\r\x1b[K\x1b[38;5;168m✕ 1\x1b[39m");
  assertEquals(shown({ NO_COLOR: "1" }), "\r\x1b[K✕ 1");
});

Deno.test("textSource() leaves out the last texts first, and empty ones; the sentence has them all", () => {
  let count = 1;
  const source = textSource(({ pink }) => ["swarm", "", [`${count} failed`, pink], "3 runs/s"]);
  const screen = createScreen(true);
  const line = createLiveLine(screen);
  line.show(source);
  line.draw();
  assertEquals(taken(screen), "\r\x1b[Kswarm  \x1b[38;5;168m1 failed\x1b[39m  3 runs/s");
  [screen.columns, count] = [20, 2];
  line.draw();
  assertEquals(taken(screen), "\r\x1b[Kswarm  \x1b[38;5;168m2 failed\x1b[39m");
  assertEquals(source.sentence(), "swarm: 2 failed, 3 runs/s");
  assertEquals([textSource(() => ["one"]).sentence(), textSource(() => []).sentence()], ["one", ""]);
});
