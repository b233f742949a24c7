/**
 * Responses of the server, each with the headers that keep a page where it is.
 *
 * @module
 */

/** Headers of every response. */
const HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  // Deno compresses what may be transformed, and would hold back events.
  "cache-control": "no-store, no-transform",
};

/** Policies on what a page may load, by the kind of page. */
const POLICIES = {
  /** Our own pages: their scripts and styles are files of this server. */
  own: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  /** A page that is one file, and was made by this process. */
  single: "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:",
  /** Files of the store: a page among them has an origin of its own, which can read nothing else here. */
  stored: "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
    "sandbox allow-scripts allow-downloads allow-modals allow-popups allow-popups-to-escape-sandbox",
};

const COMMON_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Creates a response. */
export function respond(
  body: string | ReadableStream<Uint8Array<ArrayBuffer>> | null,
  type: string,
  policy: keyof typeof POLICIES,
  status = 200,
): Response {
  const headers = {
    ...HEADERS,
    "content-type": /^(text|application)\//.test(type) ? `${type}; charset=utf-8` : type,
    "content-security-policy": `${POLICIES[policy]}; ${COMMON_POLICY}`,
    ...status === 405 ? { allow: "GET, HEAD" } : {},
  };
  return new Response(body, { status, headers });
}

/** Creates a response that is one line for a person. */
export function respondText(text: string, status: number): Response {
  return respond(`${text}\n`, "text/plain", "own", status);
}
