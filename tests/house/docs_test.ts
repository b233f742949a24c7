import { assertEquals } from "@std/assert";
import { ROOT } from "../../lib/workbench/cli/root.ts";

/** The longest row of a table, in characters. */
const ROW_WIDTH = 140;
/** The longest ARCHITECTURE.md, in lines: one page. */
const PAGE = 120;

/** Folders that a command makes. */
const RUNTIME_FOLDERS = /^(store|dist|my_\w+)\//;

const readable = (await Deno.permissions.query({ name: "read" })).state === "granted";

function test(name: string, fn: (page: string, text: string) => void): void {
  Deno.test({
    name,
    ignore: !readable,
    fn() {
      const docs = ["docs", "docs/course"].flatMap((folder) =>
        [...Deno.readDirSync(`${ROOT}/${folder}`)].map(({ name }) => `${folder}/${name}`).sort()
      );
      const pages = ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", ...docs];
      for (const page of pages.filter((page) => page.endsWith(".md"))) {
        fn(page, Deno.readTextFileSync(`${ROOT}/${page}`));
      }
    },
  });
}

test("the files that a page names exist", (page, text) => {
  const named = text.matchAll(/`([a-z]\w*\/[\w./-]*(?:\.(?:ts|md|svg|sh)|\w\/))`/g);
  const folders = ["", "lib/workbench/"];
  const missing = Array.from(named, ([, path]) => path!).filter((path) => !folders.some((at) => exists(at + path)));
  assertEquals(missing.filter((path) => !RUNTIME_FOLDERS.test(path)), [], page);
});

test("the files that a page links to exist", (page, text) => {
  const folder = page.slice(0, page.lastIndexOf("/") + 1);
  const links = Array.from(text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g), ([, path]) => path!);
  const missing = links.filter((path) => !exists(new URL(path, `file:///${folder}`).pathname.slice(1)));
  assertEquals(missing, [], page);
});

test("the headings that a page links to exist", (page, text) => {
  const folder = page.slice(0, page.lastIndexOf("/") + 1);
  const links = Array.from(text.matchAll(/\]\(([^)#:\s]*)#([^)\s]+)\)/g), ([, path, anchor]) => {
    const target = path === "" ? page : new URL(path!, `file:///${folder}`).pathname.slice(1);
    return { target, anchor: anchor! };
  });
  const missing = links.filter(({ target, anchor }) => target.endsWith(".md") && !anchorsOf(target).includes(anchor));
  assertEquals(missing, [], page);
});

test("tables have no row that is too long to read", (page, text) => {
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  assertEquals(rows.filter((row) => row.length > ROW_WIDTH), [], page);
});

test("ARCHITECTURE.md is one page", (page, text) => {
  if (page === "ARCHITECTURE.md") assertEquals(text.trimEnd().split("\n").slice(PAGE), []);
});

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const headings = Deno.readTextFileSync(`${ROOT}/${page}`).matchAll(/^#+ (.*)$/gm);
  return Array.from(
    headings,
    ([, heading]) =>
      heading!.toLowerCase().replaceAll(/\]\([^)]*\)/g, "").replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-"),
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(`${ROOT}/${path}`);
    return true;
  } catch {
    return false;
  }
}
