/**
 * Disks in memory whose space ends, for tests.
 *
 * @module
 */

import type { Disk } from "../../../../lib/workbench/run/store/run_files.ts";

/** Disk in memory. */
export interface MemoryDisk extends Disk {
  /** Contents of the files, by their paths. */
  readonly files: Map<string, string>;
  /** Bytes that still fit. */
  free: number;
}

/**
 * Creates a disk in memory.
 *
 * @param free Bytes that fit on it. A write that does not fit writes what fits, and the next one fails.
 */
export function createDisk(free: number): MemoryDisk {
  const files = new Map<string, string>();
  const disk: MemoryDisk = {
    files,
    free,
    open(path, mode) {
      if (mode === "truncate" || !files.has(path)) files.set(path, "");
      return {
        writeSync(bytes) {
          if (disk.free === 0) throw new Error("No space left on device (os error 28)");
          const written = bytes.subarray(0, disk.free);
          disk.free -= written.length;
          files.set(path, files.get(path) + new TextDecoder().decode(written));
          return written.length;
        },
        close() {},
      };
    },
    remove(path) {
      disk.free += files.get(path)!.length;
      files.delete(path);
    },
    rename(path, to) {
      disk.free += files.get(to)?.length ?? 0;
      files.set(to, files.get(path)!);
      files.delete(path);
    },
  };
  return disk;
}
