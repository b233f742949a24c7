/** Files that are none: a machine's part that `check` looks at, in memory. */

import type { FakeMachine } from "./engines/fake_machine.ts";

/**
 * A machine with files.
 *
 * @param contents What each holds, by its path; folders are there if something is in them.
 * @param links Where a path leads to, for links to folders.
 */
export function filesOf(
  contents: Record<string, string | Uint8Array<ArrayBuffer>>,
  links: Record<string, string> = {},
): Pick<FakeMachine, "files" | "openFile"> {
  const follow = (path: string) => {
    const link = Object.keys(links).find((link) => path === link || path.startsWith(`${link}/`));
    return link === undefined ? path : links[link] + path.slice(link.length);
  };
  const isFolder = (path: string) => Object.keys(contents).some((file) => file.startsWith(`${path}/`));
  return {
    files: {
      inspect(path) {
        const real = follow(path).replace(/\/+$/, "");
        return { kind: real in contents ? "file" : isFolder(real) ? "folder" : "missing", path: `/home/${real}` };
      },
      readTextFile(path) {
        const content = contents[follow(path)];
        if (typeof content !== "string") throw new Deno.errors.NotFound("No such file or directory (os error 2)");
        return content;
      },
    },
    openFile(path) {
      const content = contents[follow(path)];
      if (content === undefined) return Promise.reject(new Deno.errors.NotFound("No such file (os error 2)"));
      return Promise.resolve(new Blob([content]).stream());
    },
  };
}
