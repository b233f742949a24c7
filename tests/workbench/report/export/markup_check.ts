/** A strict reader of markup that a machine has written: tags in balance, quoted attributes, known entities. */

/** Elements of HTML without an end. */
const VOID = ["meta", "link", "!DOCTYPE"];

/** Lists everything that is wrong with a text of XML, or of HTML that is written as strictly. */
export function markupProblems(text: string): string[] {
  const problems = text.isWellFormed() ? [] : ["half of a character"];
  const open: string[] = [];
  const content = text.replaceAll(/<style>[^<]*<\/style>/g, "");
  for (const [tag] of content.matchAll(/<[^>]*>?/g)) {
    const [, isEnd, name, isEmpty] = /^<(\/?)([!\w]+)(?:\s+[\w:-]+(?:="[^"<>]*")?)*\s*(\/?)>$/.exec(tag) ?? [];
    if (name === undefined) problems.push(`no tag: ${tag.slice(0, 80)}`);
    else if (isEnd !== "") {
      const last = open.pop();
      if (last !== name) problems.push(`</${name}> ends ${last}`);
    } else if (isEmpty === "" && !VOID.includes(name)) open.push(name);
  }
  for (const [entity] of content.matchAll(/&[^;\s]*;?/g)) {
    if (!/^&(amp|lt|gt|quot|#39);$/.test(entity)) problems.push(`no entity: ${entity}`);
  }
  // deno-lint-ignore no-control-regex -- what XML cannot contain
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)) problems.push("a control character");
  return [...problems, ...open.map((name) => `<${name}> is open`)];
}
