/**
 * Description of the machine that runs the measurements.
 *
 * @module
 */

import type { MeasuringMachine } from "./document.ts";

/** Describes this machine. */
export function thisMachine(): MeasuringMachine {
  return {
    cpu: cpuModel(),
    cores: navigator.hardwareConcurrency,
    memory_gb: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
  };
}

function cpuModel(): string {
  try {
    const found = /^model name\s*:\s*(.+)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"));
    return found?.[1]?.replace(/\s+/g, " ") ?? "unknown";
  } catch {
    return "unknown";
  }
}

/** Reads the load average of the last minute; null where the system does not report it. */
export function load(): number | null {
  return Deno.build.os === "windows" ? null : Deno.loadavg()[0]!;
}
