// The search page while somebody types: the server draws the answers, and they are swapped; the address follows.

import { Latest, step } from "./latest.js";

const form = document.querySelector("[data-search]");
const field = form.elements.q;
const said = document.querySelector("[data-said]");
const wide = matchMedia("(min-width: 64rem)");

function address() {
  const values = new URLSearchParams(new FormData(form));
  values.set("q", field.value.trim());
  if (!values.get("q")) values.delete("q");
  return `/search${values.size ? "?" : ""}${values}`;
}

async function fetchPage(url, signal) {
  const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Folded above the answers, open beside them.
function fold() {
  const facets = document.querySelector("[data-facets]");
  if (facets) facets.open = wide.matches;
}

// What is swapped takes the focus with it: it goes back to the same choice, or to what folds them.
function refocus(chosen) {
  if (chosen === null) return;
  const choice = [...document.querySelectorAll("[data-facet]")].find((one) => one.querySelector("span").textContent === chosen);
  (wide.matches && choice ? choice : document.querySelector("[data-facets] summary") ?? field).focus({ preventScroll: true });
}

function swap(fresh, url) {
  const chosen = document.activeElement?.closest("[data-facet]")?.querySelector("span")?.textContent ?? null;
  const answers = document.querySelector("[data-results]");
  answers.replaceWith(document.adoptNode(fresh.querySelector("[data-results]")));
  for (const old of form.querySelectorAll("input[type=hidden]")) old.remove();
  for (const one of fresh.querySelectorAll("[data-search] input[type=hidden]")) form.append(document.adoptNode(one));
  document.title = fresh.title;
  said.textContent = document.querySelector("[data-count]")?.textContent ?? "";
  history.replaceState(null, "", url);
  fold();
  refocus(chosen);
}

const typing = new Latest(fetchPage, swap);

function answers() {
  return [...document.querySelectorAll("[data-answer]")];
}

function moveByArrows(event) {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  const places = answers();
  const at = places.indexOf(document.activeElement);
  if (at < 0 && document.activeElement !== field) return;
  const next = step(at, places.length, event.key);
  (places[next] ?? field).focus();
  event.preventDefault();
}

field.addEventListener("input", () => typing.type(address()));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  typing.now(address());
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.activeElement?.matches("[data-answer]")) field.focus();
  moveByArrows(event);
});
document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-facet]");
  if (!choice || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  typing.now(choice.getAttribute("href"));
});
wide.addEventListener("change", fold);
fold();
