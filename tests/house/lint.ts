/**
 * Rules of style that a machine can hold, as a plugin of `deno lint`.
 *
 * - `house/doc-opening`: a doc comment opens with a noun phrase or a verb, not with "What", "Whether", "How" or "When".
 * - `house/documented`: each exported declaration has a doc comment, except in `types/` and in `programs/` of tests.
 *   In tests, a default export needs none: it is a fixture, and the head of its file describes it.
 * - `house/function-length`: a function of `lib/` or `challenges/` has 40 lines at most, or is a table and says so:
 *   `// deno-lint-ignore house/function-length -- a table`.
 * - `house/no-literal-spread`: no object literal is spread into another one, which only saves lines.
 * - `house/no-object-assign`: an object is written in one place, not put together.
 * - `house/width`: no line is wider than 120 characters. The formatter breaks code, but neither comments nor strings.
 *
 * @module
 */

/** The widest line, in characters. */
const WIDTH = 120;
/** The longest function, in lines. */
const FUNCTION_LENGTH = 40;

/** Words that open a relative clause, also in a list or in parentheses. */
const RELATIVE = /^[-(\s]*(what|who|whom|whose|whoever|whatever|whether|how|which|when|where)\b/i;

/** `Object.assign`, also as `Object["assign"]`. */
const OBJECT_ASSIGN = /^Object(\.assign|\[["'`]assign["'`]\])$/;

type Rule = Deno.lint.Rule;
type Context = Deno.lint.RuleContext;

const docOpening: Rule = {
  create: (context) => ({
    Program() {
      for (const comment of docComments(context)) {
        const opening = firstLine(comment);
        if (!RELATIVE.test(opening)) continue;
        const message = `Doc comment opens with a relative clause: ${opening}`;
        context.report({
          range: comment.range,
          message,
          hint: "Open with a noun phrase or a verb in the third person",
        });
      }
    },
  }),
};

const documented: Rule = {
  create(context) {
    if (/\/(types|programs)\//.test(context.filename)) return {};
    const named = new Set<string>();
    return {
      ExportNamedDeclaration(node) {
        const { declaration } = node;
        if (declaration === null || declaration === undefined) return;
        const name = nameOf(declaration);
        // Of an overloaded function, the first signature has the comment.
        if (hasDocComment(node, context)) named.add(name);
        else if (!named.has(name)) context.report({ node, message: `Export ${name} has no doc comment` });
      },
      ExportDefaultDeclaration(node) {
        if (context.filename.includes("/tests/") || hasDocComment(node, context)) return;
        context.report({ node, message: "Default export has no doc comment" });
      },
    };
  },
};

const functionLength: Rule = {
  create(context) {
    if (!/\/(lib|challenges)\//.test(context.filename) || /\/tests\//.test(context.filename)) return {};
    const check = (node: Deno.lint.Node & { body?: unknown }) => {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LENGTH) return;
      context.report({
        node,
        message: `Function has ${lines} lines, expected ${FUNCTION_LENGTH} at most`,
        hint: "Split it",
      });
    };
    return { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
  },
};

const noObjectAssign: Rule = {
  create: (context) => ({
    CallExpression(node) {
      if (!OBJECT_ASSIGN.test(context.sourceCode.getText(node.callee))) return;
      context.report({
        node,
        message: "Object.assign puts an object together piece by piece",
        hint: "Spread into a new one",
      });
    },
  }),
};

const noLiteralSpread: Rule = {
  create: (context) => ({
    "ObjectExpression > SpreadElement > ObjectExpression"(node: Deno.lint.ObjectExpression) {
      const message = "An object literal is spread into another one";
      context.report({ node, message, hint: "Write its properties one by one" });
    },
  }),
};

const width: Rule = {
  create: (context) => ({
    Program() {
      let start = 0;
      for (const line of context.sourceCode.text.split("\n")) {
        const range: [number, number] = [start, start + line.length];
        if (line.length > WIDTH) {
          context.report({ range, message: `Line has ${line.length} characters, expected ${WIDTH} at most` });
        }
        start += line.length + 1;
      }
    },
  }),
};

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "doc-opening": docOpening,
    documented,
    "function-length": functionLength,
    "no-literal-spread": noLiteralSpread,
    "no-object-assign": noObjectAssign,
    width,
  },
};

export default plugin;

interface Comment {
  value: string;
  range: [number, number];
}

function docComments({ sourceCode }: Context): Comment[] {
  return sourceCode.getAllComments().filter(({ type, value }) => type === "Block" && value.startsWith("*"));
}

/** Extracts the first line of a doc comment's text. */
function firstLine({ value }: Comment): string {
  return value.split("\n").map((line) => line.replace(/^[\s*]+/, "").trim()).find((line) => line !== "") ?? "";
}

function hasDocComment(node: Deno.lint.Node, context: Context): boolean {
  const comment = docComments(context).findLast(({ range }) => range[1] <= node.range[0]);
  if (comment === undefined) return false;
  const between = context.sourceCode.getText().slice(comment.range[1], node.range[0]);
  return /^\s*(\/\/ deno-lint-ignore[^\n]*\s*)?$/.test(between);
}

function nameOf(declaration: object): string {
  const { id, declarations } = declaration as { id?: { name: string }; declarations?: { id: { name?: string } }[] };
  return id?.name ?? declarations?.map(({ id }) => id.name ?? "").join(", ") ?? "";
}
