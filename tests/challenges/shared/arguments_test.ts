import { assertEquals, assertThrows } from "@std/assert";
import { ArgumentError, readArguments, readChoice, readMilliseconds } from "../../../challenges/shared/arguments.ts";

Deno.test("readChoice takes one of the allowed words, the first by default, the last that was given", () => {
  const profile = (...args: string[]) => readChoice(readArguments(args, ["profile"]), "profile", ["fast", "efficient"]);
  assertEquals(profile(), "fast");
  assertEquals(profile("--profile", "efficient"), "efficient");
  assertEquals(profile("--profile=efficient"), "efficient");
  assertEquals(profile("--profile", "efficient", "--profile", "fast"), "fast");
  assertEquals(profile("--debug"), "fast");
  const expected = (given: string) => `Cannot use --profile ${given}: expected fast or efficient`;
  assertThrows(() => profile("--profile", "slow"), ArgumentError, expected("slow"));
  assertThrows(() => profile("--profile"), ArgumentError, expected(""));
});

Deno.test("readMilliseconds takes a number that is not negative", () => {
  const period = (...args: string[]) => readMilliseconds(readArguments(args, ["period"]), "period", 50);
  assertEquals(period(), 50);
  assertEquals(period("--period", "0"), 0);
  assertEquals(period("--period", "12.5"), 12.5);
  for (const bad of ["", "-1", "soon", "Infinity", "NaN"]) {
    const text = `Cannot use --period ${bad}: expected a number of milliseconds`;
    assertThrows(() => period(`--period=${bad}`), ArgumentError, text);
  }
});

Deno.test("readArguments refuses an argument that the program does not take", () => {
  const refuse = (names: string[], ...args: string[]) => {
    assertThrows(() => readArguments(args, names), ArgumentError, `Cannot use argument ${args[0]}: expected `);
  };
  refuse(["period"], "--perid", "5");
  refuse(["period"], "--perid=5");
  refuse(["period"], "5");
  refuse(["period"], "-p");
  refuse([], "--period");
  assertThrows(() => readArguments(["-x"], []), ArgumentError, "expected no arguments");
  assertThrows(() => readArguments(["-x"], ["acks", "period"]), ArgumentError, "expected --acks or --period");
});
