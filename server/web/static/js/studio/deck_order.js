// Decks in another order by dragging; the buttons beside do the same for keys and fingers.

import { call } from "../api.js";
import { refresh } from "./refresh.js";
import { toast } from "./toasts.js";

// Where a card that is dropped at height `y` stands among the others: before the first whose middle is below.
// `middles`: of the other cards, from top to bottom.
export function placeAmong(middles, y) {
  const place = middles.findIndex((middle) => y < middle);
  return place < 0 ? middles.length : place;
}

export function startDeckOrder(root) {
  let card = null;
  const others = () => [...card.parentElement.querySelectorAll(":scope > [data-slot]")].filter((one) => one !== card);
  const middleOf = (one) => {
    const box = one.getBoundingClientRect();
    return box.y + box.height / 2;
  };
  root.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.("[data-grip]")) return;
    card = event.target.closest("[data-slot]");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", ""); // without anything to carry, Firefox does not begin
    event.dataTransfer.setDragImage(card, 20, 20);
    card.dataset.dragged = "";
  });
  root.addEventListener("dragover", (event) => {
    if (!card || !card.parentElement?.contains(event.target)) return;
    event.preventDefault();
    const beside = others();
    const after = beside[placeAmong(beside.map(middleOf), event.clientY)] ?? null;
    if (card.nextElementSibling !== after) card.parentElement.insertBefore(card, after);
  });
  root.addEventListener("drop", (event) => card && event.preventDefault());
  root.addEventListener("dragend", async (event) => {
    const dragged = card;
    card = null;
    if (!dragged) return;
    delete dragged.dataset.dragged;
    const position = [...(dragged.parentElement?.querySelectorAll(":scope > [data-slot]") ?? [])].indexOf(dragged);
    const isLeft = event.dataTransfer.dropEffect === "none"; // let go elsewhere, or given up
    if (!isLeft && position >= 0 && position !== Number(dragged.dataset.place)) await move(dragged.dataset.deck, position);
    else if (isLeft) putBack(dragged);
  });
}

function putBack(card) {
  const rest = [...card.parentElement.querySelectorAll(":scope > [data-slot]")].filter((one) => one !== card);
  card.parentElement.insertBefore(card, rest[Number(card.dataset.place)] ?? null);
}

async function move(deck, position) {
  try {
    await call("PATCH", `/api/v1/decks/${encodeURIComponent(deck)}`, { body: { position } });
  } catch (error) {
    toast(error.message, { bad: true });
  }
  await refresh();
}
