/** Files in memory, for a fake machine. */

import type { FakeMachine } from "./engines/fake_machine.ts";

/**
 * Creates the part of a fake machine that reads files.
 *
 * @param contents Contents of files by their paths. A folder exists if it contains a file.
 * @param links Targets of links to folders, by the paths of the links.
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
