// Calls to the API from pages: JSON both ways, the CSRF token along, problems as errors with words.

export class ProblemError extends Error {
  constructor(problem, status) {
    super(problem.detail || problem.title || `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? "";
    this.fields = problem.errors ?? [];
  }
}

export function csrfToken() {
  return document.querySelector('meta[name="semma-csrf"]')?.content ?? "";
}

// An error of any origin as a sentence: problem+json first, the transport's own words last.
export function problemOf(text, status) {
  try {
    return new ProblemError(JSON.parse(text), status);
  } catch {
    return new ProblemError({ detail: text.slice(0, 200) }, status);
  }
}

// Answers {data, version}: the body, and the row's version for the next If-Match.
export async function call(method, path, { body, version } = {}) {
  const headers = { Accept: "application/json", "X-CSRF-Token": csrfToken() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (version) headers["If-Match"] = `"v${version}"`;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw problemOf(text, answer.status);
  const tag = /^(?:W\/)?"v(\d+)/.exec(answer.headers.get("ETag") ?? "");
  return { data: text ? JSON.parse(text) : null, version: tag?.[1] ?? "" };
}
